/// Virtual disks of Xen 1.0: a table of segments for the whole machine, which domain 0 fills, and lists of
/// parts of physical disks that a domain may use as they are.
/// Where the description says nothing: what errors creating a segment gives; a domain's numbers of
/// segments go up to 99.
/// Left out: requests on the ring that ask which devices there are (domain 0 and the builder know).
/// Source: Xen 1.0, xen/drivers/block/xen_segment.c and xen_physdisk.c, from a description.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "core/ids.hpp"
#include "models/io/block/block_devices.hpp"
#include "models/memory/hypercall_status.hpp"

namespace xensim {

struct DiskSegment {
  enum class Mode : std::uint8_t { unused, read_write, read_only };

  Mode mode = Mode::unused;
  DomainId domain{};
  std::uint32_t number = 0;  ///< among the domain's
  std::vector<DiskExtent> extents{};
};

/// A part of a physical disk that a domain may use.
struct DiskGrant {
  DeviceNumber disk{};
  std::uint16_t partition = 0;
  std::uint32_t start = 0, sectors = 0;
  std::uint8_t modes = 0;  ///< the sum of what BlockAccess names
};

class SegmentedDisks final : public BlockDevices {
 public:
  static constexpr std::size_t max_segments = 100, max_extents = 100;

  /// How grants are checked. As shipped, a slip has only the first sector of a request looked at.
  enum class GrantCheck : std::uint8_t { shipped, intended };

  explicit SegmentedDisks(std::set<DeviceNumber> disks, GrantCheck check = GrantCheck::shipped)
      : disks_(std::move(disks)), check_(check) {}

  // --- By domain 0 only: others get `not_permitted` and nothing happens ---
  /// In place of the domain's segment of this number, if there is one. `invalid`: no mode, a number above
  /// 99, no extents or too many, an empty one; `out_of_memory`: all segments are in use.
  HypercallStatus create(const MemoryDomain& caller, const DiskSegment& segment);
  HypercallStatus grant(const MemoryDomain& caller, DomainId to, const DiskGrant& grant);

  /// A domain died: its segments and grants are gone.
  void forget(DomainId domain);

  /// Segments by the table; physical disks that exist as they are, which domain 0 may use without a grant.
  [[nodiscard]] BlockTranslation translate(const MemoryDomain& domain, DeviceNumber device,
                                           BlockAccess access, std::uint32_t sector,
                                           std::uint32_t sectors) const override;
  [[nodiscard]] std::span<const DiskSegment> segments() const { return segments_; }
  /// How many a domain holds.
  [[nodiscard]] std::size_t grants(DomainId domain) const;

 private:
  struct HeldGrant {
    DomainId domain;
    DiskGrant grant;
  };
  [[nodiscard]] const DiskGrant* find(DomainId domain, DeviceNumber disk, BlockAccess access,
                                      std::uint32_t sector) const;
  [[nodiscard]] bool granted(DomainId domain, DeviceNumber disk, BlockAccess access, std::uint32_t sector,
                             std::uint32_t sectors) const;

  std::set<DeviceNumber> disks_;
  GrantCheck check_;
  std::array<DiskSegment, max_segments> segments_{};
  std::vector<HeldGrant> grants_;
};

}  // namespace xensim
