/// What the monitor's memory management and traps use of the caches, object by object.
#pragma once

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "models/memory/cache_footprint.hpp"
#include "models/memory/frame_table.hpp"
#include "models/memory/memory_work.hpp"

namespace xensim {

/// Names in the caches, given when an object is first used. O(1); room for the highest frame.
class MonitorFootprints {
 public:
  explicit MonitorFootprints(std::function<FootprintId()> new_footprint) : new_(std::move(new_footprint)) {}

  /// Code of the way into the monitor and out of it: by a hypercall, by an exception.
  [[nodiscard]] FootprintId hypercall_code() { return named(hypercall_); }
  [[nodiscard]] FootprintId exception_code() { return named(exception_); }
  [[nodiscard]] FootprintId code(MemoryStep step) { return named(code_[static_cast<std::size_t>(step)]); }
  /// Its stack, and what it keeps of the domain that runs: one for all, as there is one at a time.
  [[nodiscard]] FootprintId data() { return named(data_); }
  /// For whatever else the monitor keeps.
  [[nodiscard]] FootprintId another() { return new_(); }
  /// The line of the frame table that a frame's entry begins in.
  [[nodiscard]] static constexpr std::size_t line_of(FrameNumber frame) {
    constexpr std::uint32_t entry_size = 20, line = 64;  // as Xen 1.0 lays entries out
    return std::size_t{frame.value} * entry_size / line;
  }
  [[nodiscard]] FootprintId frame_table_line(std::size_t line) {
    if (line >= frame_table_.size()) frame_table_.resize(line + 1);
    return named(frame_table_[line]);
  }

 private:
  [[nodiscard]] FootprintId named(FootprintId& footprint) {
    if (!footprint.valid()) footprint = new_();
    return footprint;
  }

  std::function<FootprintId()> new_;
  FootprintId hypercall_, exception_, data_;
  std::array<FootprintId, MemoryWork::steps> code_{};
  std::vector<FootprintId> frame_table_;
};

}  // namespace xensim
