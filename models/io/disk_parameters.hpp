/// What there is to know about a disk drive before anything is asked of it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/quantity.hpp"
#include "core/time.hpp"
#include "models/cpu/calibration.hpp"
#include "models/io/block_io.hpp"

namespace xensim {

/// Cylinders whose tracks hold equally many sectors.
struct DiskZone {
  std::uint32_t first_cylinder = 0;
  std::uint32_t sectors_per_track = 0;
  std::uint64_t first_sector = 0;
};

/// Geometry and times of a drive, from section `disk` of the calibration. Throws InputError for one missing.
struct DiskParameters {
  explicit DiskParameters(const Calibration& calibration);

  std::uint32_t heads, cylinders;
  std::vector<DiskZone> zones;  ///< from the outermost
  std::uint64_t sectors;        ///< in all
  Time revolution{}, head_switch{};
  Time overhead_miss{}, overhead_hit{};  ///< of a command that needs the medium, or only the cache
  Time settle_write{};                   ///< a write's positioning takes so much longer than a read's
  Time interface_sector{};               ///< a sector over the bus
  std::uint32_t read_segments, segment_sectors, write_buffer_sectors;
  std::uint32_t tags;  ///< commands that the drive accepts at a time
  bool write_cache = true;
  Time error_recovery{};                         ///< the drive's own attempts before it gives a sector up
  std::uint64_t first_bad = 0, bad_sectors = 0;  ///< that can be neither read nor written

  /// From one cylinder to another, for a read.
  [[nodiscard]] Time seek(std::uint32_t from, std::uint32_t to) const;

 private:
  // Seconds, over the distance as a fraction of the full stroke: a square root, then a straight line.
  double short_offset_, short_slope_, long_offset_, long_slope_, boundary_;
};

}  // namespace xensim
