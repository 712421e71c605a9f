/// What machine memory contains, as far as anything looks at it: page tables and descriptor tables.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/large_vector.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// Machine memory as frames of 1024 words. A frame has contents from its first store until it is cleared;
/// all others read as zero and cost a pointer each. What is cleared makes room for others, but is not given
/// back.
class PhysicalMemory {
 public:
  using Words = std::array<std::uint32_t, entries_per_table>;

  explicit PhysicalMemory(std::uint32_t frames) : contents_(frames) {}
  PhysicalMemory(PhysicalMemory&&) = default;
  PhysicalMemory& operator=(PhysicalMemory&&) = default;
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;
  ~PhysicalMemory() = default;

  [[nodiscard]] std::uint32_t frames() const { return static_cast<std::uint32_t>(contents_.size()); }
  /// `frame` must exist and `index` be below 1024, here and below.
  [[nodiscard]] std::uint32_t load(FrameNumber frame, std::uint32_t index) const {
    const Words* words = contents(frame);
    return words == nullptr ? 0 : (*words)[index];
  }
  /// Brings a word that will be needed soon nearer. Any frame may be named.
  [[gnu::always_inline]] void prefetch(FrameNumber frame, std::uint32_t index) const {
    if (frame.value >= frames() || contents(frame) == nullptr) return;
    __builtin_prefetch(&(*contents(frame))[index], 1);
  }
  void store(FrameNumber frame, std::uint32_t index, std::uint32_t word) { words(frame)[index] = word; }

  /// The frame's words, to change; valid until the frame is cleared.
  [[nodiscard]] Words& words(FrameNumber frame) {
    Words*& words = contents_[frame.value];
    if (words == nullptr) words = take();
    return *words;
  }
  /// To read; null if all are zero since nothing was ever stored.
  [[nodiscard]] const Words* contents(FrameNumber frame) const { return contents_[frame.value]; }
  /// The frame reads as zero again.
  void clear(FrameNumber frame) {
    if (Words* const gone = std::exchange(contents_[frame.value], nullptr)) free_.push_back(gone);
  }

 private:
  static constexpr std::size_t first_block = 16, largest_block = 512;  // frames; the latter 2 MB

  /// Room for one frame's words, all of them zero.
  [[nodiscard]] Words* take() {
    if (!free_.empty()) {
      Words* const words = free_.back();
      free_.pop_back();
      words->fill(0);
      return words;
    }
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
      const std::size_t size =
          blocks_.empty() ? first_block : std::min(largest_block, 2 * blocks_.back().size());
      blocks_.emplace_back().reserve(size);
    }
    return &blocks_.back().emplace_back();
  }

  LargeVector<Words*> contents_;            ///< by frame, in a block
  std::vector<LargeVector<Words>> blocks_;  ///< full but for the last, and never moved
  std::vector<Words*> free_;                ///< in blocks
};

}  // namespace xensim
