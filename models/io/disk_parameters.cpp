#include "models/io/disk_parameters.hpp"

#include <cmath>

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

Time seconds(double value) { return Time{std::llround(value * 1e12)}; }

}  // namespace

DiskParameters::DiskParameters(const Calibration& calibration) {
  const CalibrationSection own(calibration, "disk.");
  const auto milliseconds = [&](const char* name) { return own.value(name) * 1e-3; };
  heads = own.whole("heads");
  cylinders = own.whole("cylinders");
  revolution = seconds(60 / own.value("rotation"));
  head_switch = own.milliseconds("head_switch");
  overhead_miss = own.milliseconds("overhead_miss");
  overhead_hit = own.milliseconds("overhead_hit");
  settle_write = own.milliseconds("settle_write");
  error_recovery = own.milliseconds("error_recovery");
  interface_sector = seconds(sector_bytes / (own.value("interface_rate") * 1e6));
  segment_sectors = own.whole("segment") * (1024 / sector_bytes);
  read_segments = own.whole("read_segments");
  write_buffer_sectors = own.whole("write_buffer") * (1024 / sector_bytes);
  tags = own.whole("tags");
  short_offset_ = milliseconds("seek_short_offset");
  short_slope_ = milliseconds("seek_short_slope");
  long_offset_ = milliseconds("seek_long_offset");
  long_slope_ = milliseconds("seek_long_slope");
  boundary_ = own.value("seek_boundary");

  // The stated rates are sustained: each track's end costs a switch to the next.
  const double track = to_seconds(revolution + head_switch);
  const double outer = own.value("outer_rate") * 1e6, inner = own.value("inner_rate") * 1e6;
  const std::uint32_t count = own.whole("zones");
  std::uint64_t first_sector = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const double part = count > 1 ? static_cast<double>(i) / (count - 1) : 0;
    const double rate = outer + (inner - outer) * part;
    const DiskZone zone{
        .first_cylinder = static_cast<std::uint32_t>(std::uint64_t{cylinders} * i / count),
        .sectors_per_track = static_cast<std::uint32_t>(std::lround(rate * track / sector_bytes)),
        .first_sector = first_sector};
    zones.push_back(zone);
    const auto end = static_cast<std::uint32_t>(std::uint64_t{cylinders} * (i + 1) / count);
    first_sector += std::uint64_t{end - zone.first_cylinder} * heads * zone.sectors_per_track;
  }
  sectors = first_sector;
}

Time DiskParameters::seek(std::uint32_t from, std::uint32_t to) const {
  if (from == to) return {};
  const double distance =
      static_cast<double>(from < to ? to - from : from - to) / static_cast<double>(cylinders - 1);
  return seconds(distance <= boundary_ ? short_offset_ + short_slope_ * std::sqrt(distance)
                                       : long_offset_ + long_slope_ * distance);
}

}  // namespace xensim
