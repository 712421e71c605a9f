/// Virtual block devices of Xen 1.2: each domain, domain 0 too, has its own, put together from extents.
/// Where the description says nothing: errors of the control operations, named with each; a device may
/// have any number of extents. Requests beyond the end give an error of their own.
/// Source: Xen 1.2, xen/drivers/block/xen_vbd.c, from a description.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "models/io/block/block_devices.hpp"
#include "models/memory/hypercall_status.hpp"

namespace xensim {

struct VirtualBlockDevice {
  std::uint8_t modes = 0;  ///< the sum of what BlockAccess names
  std::vector<DiskExtent> extents{};

  /// Sectors in all.
  [[nodiscard]] std::uint64_t capacity() const;
};

/// Control operations are domain 0's: others get `not_permitted` and nothing happens. `invalid`: there is no
/// such device, or there is one already; an empty extent.
class VirtualBlockDevices final : public BlockDevices {
 public:
  explicit VirtualBlockDevices(std::set<DeviceNumber> disks) : disks_(std::move(disks)) {}

  HypercallStatus create(const MemoryDomain& caller, DomainId domain, DeviceNumber device,
                         std::uint8_t modes);
  /// One more extent at the end, or the last one away (`invalid` if there is none).
  HypercallStatus grow(const MemoryDomain& caller, DomainId domain, DeviceNumber device,
                       const DiskExtent& extent);
  HypercallStatus shrink(const MemoryDomain& caller, DomainId domain, DeviceNumber device);
  HypercallStatus set_extents(const MemoryDomain& caller, DomainId domain, DeviceNumber device,
                              std::span<const DiskExtent> extents);
  HypercallStatus remove(const MemoryDomain& caller, DomainId domain, DeviceNumber device);
  /// Null if there is none.
  [[nodiscard]] const VirtualBlockDevice* find(DomainId domain, DeviceNumber device) const;

  /// A domain died.
  void forget(DomainId domain);

  /// A privileged domain reaches a physical disk by its own number, whatever the partition, if it has no
  /// device of that number.
  [[nodiscard]] BlockTranslation translate(const MemoryDomain& domain, DeviceNumber device,
                                           BlockAccess access, std::uint32_t sector,
                                           std::uint32_t sectors) const override;

 private:
  using Key = std::pair<DomainId, DeviceNumber>;

  std::set<DeviceNumber> disks_;
  std::map<Key, VirtualBlockDevice> devices_;
};

}  // namespace xensim
