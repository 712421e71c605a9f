/// Runs of sectors on physical disks, and how virtual disks are put together from them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "models/io/block_io.hpp"

namespace xensim {

/// A device as requests name it. In Xen 1.0 bits 12 to 15 are its kind; since 1.2 it is a Linux device
/// number, with the partition in the low four bits.
struct DeviceNumber {
  enum class Kind : std::uint8_t { ide = 1, scsi = 2, segment = 3 };

  std::uint16_t value = 0;

  constexpr auto operator<=>(const DeviceNumber&) const = default;
  /// `index` below 4096.
  [[nodiscard]] static constexpr DeviceNumber of(Kind kind, std::uint32_t index) {
    return {static_cast<std::uint16_t>(static_cast<std::uint32_t>(kind) << 12 | index)};
  }
  [[nodiscard]] constexpr Kind kind() const { return static_cast<Kind>(value >> 12); }
  [[nodiscard]] constexpr std::uint32_t index() const { return value & 0xfffU; }
  [[nodiscard]] constexpr DeviceNumber whole_disk() const {
    return {static_cast<std::uint16_t>(value & 0xfff0U)};
  }
};

struct DiskExtent {
  DeviceNumber disk{};
  std::uint32_t start = 0, sectors = 0;

  constexpr bool operator==(const DiskExtent&) const = default;
};

enum class BlockAccess : std::uint8_t { read = 1, write = 2 };

/// Negated Linux error numbers.
enum class BlockError : std::int32_t { none = 0, no_access = -13, no_device = -19, out_of_range = -22 };

/// Where sectors of a virtual disk are: in one run, or two if they cross the end of an extent.
struct BlockTranslation {
  BlockError error = BlockError::none;
  std::uint32_t count = 0;  ///< of pieces
  std::array<DiskExtent, 2> pieces{};
  std::uint32_t extents_tried = 0;  ///< what it cost

  [[nodiscard]] std::span<const DiskExtent> all() const { return {pieces.data(), count}; }
};

/// Sectors of a disk that consists of `extents`, end to end. What reaches into a third extent, beyond the
/// end or over the number range is out of range. (The code of 2003 may look one extent too far when the
/// first sector is beyond the end.) O(extents).
[[nodiscard]] constexpr BlockTranslation map_extents(std::span<const DiskExtent> extents,
                                                     std::uint32_t sector, std::uint32_t sectors) {
  BlockTranslation result{.error = BlockError::out_of_range};
  if (sectors == 0 || sector + sectors < sector) return result;
  std::uint32_t into = sector;  // the extent at hand
  std::size_t i = 0;
  for (; i < extents.size() && into >= extents[i].sectors; ++i) into -= extents[i].sectors;
  result.extents_tried = static_cast<std::uint32_t>(i < extents.size() ? i + 1 : i);
  if (i == extents.size()) return result;

  const std::uint32_t here = extents[i].sectors - into;
  const bool crosses = sectors > here;
  result.pieces[0] = {extents[i].disk, extents[i].start + into, crosses ? here : sectors};
  if (crosses) {
    ++result.extents_tried;
    if (i + 1 == extents.size() || extents[i + 1].sectors < sectors - here) return result;
    result.pieces[1] = {extents[i + 1].disk, extents[i + 1].start, sectors - here};
  }
  result.error = BlockError::none;
  result.count = crosses ? 2 : 1;
  return result;
}

}  // namespace xensim
