/// What machine memory contains, as far as anything looks at it: page tables and descriptor tables.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/ids.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// Machine memory as frames of 1024 words. A frame has contents from its first store until it is cleared;
/// all others read as zero and cost 4 bytes each.
class PhysicalMemory {
 public:
  using Words = std::array<std::uint32_t, entries_per_table>;

  explicit PhysicalMemory(std::uint32_t frames) : place_(frames, nowhere) {}

  [[nodiscard]] std::uint32_t frames() const { return static_cast<std::uint32_t>(place_.size()); }
  /// `frame` must exist and `index` be below 1024, here and below.
  [[nodiscard]] std::uint32_t load(FrameNumber frame, std::uint32_t index) const {
    const std::uint32_t place = place_[frame.value];
    return place == nowhere ? 0 : pool_[place][index];
  }
  /// Brings a word that will be needed soon nearer. Any frame may be named.
  [[gnu::always_inline]] void prefetch(FrameNumber frame, std::uint32_t index) const {
    if (frame.value >= frames() || place_[frame.value] == nowhere) return;
    __builtin_prefetch(&pool_[place_[frame.value]][index], 1);
  }
  void store(FrameNumber frame, std::uint32_t index, std::uint32_t word) { words(frame)[index] = word; }

  /// The frame's words, to change; valid until the frame is cleared.
  [[nodiscard]] Words& words(FrameNumber frame) {
    std::uint32_t& place = place_[frame.value];
    if (place == nowhere) place = take();
    return pool_[place];
  }
  /// To read; null if all are zero since nothing was ever stored.
  [[nodiscard]] const Words* contents(FrameNumber frame) const {
    const std::uint32_t place = place_[frame.value];
    return place == nowhere ? nullptr : &pool_[place];
  }
  /// The frame reads as zero again.
  void clear(FrameNumber frame) {
    std::uint32_t& place = place_[frame.value];
    if (place == nowhere) return;
    free_.push_back(place);
    place = nowhere;
  }

 private:
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  std::uint32_t take() {
    if (free_.empty()) {
      pool_.emplace_back();
      return static_cast<std::uint32_t>(pool_.size() - 1);
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    pool_[place].fill(0);
    return place;
  }

  std::vector<std::uint32_t> place_;  ///< by frame: in the pool
  std::deque<Words> pool_;            ///< never moves what it holds
  std::vector<std::uint32_t> free_;
};

}  // namespace xensim
