/// What machine memory contains, as far as anything looks at it: page tables and descriptor tables.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/ids.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// Machine memory as frames of 1024 words. A frame has contents from its first store until it is cleared;
/// all others read as zero and cost a pointer each.
class PhysicalMemory {
 public:
  using Words = std::array<std::uint32_t, entries_per_table>;

  explicit PhysicalMemory(std::uint32_t frames) : contents_(frames) {}

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
    std::unique_ptr<Words>& words = contents_[frame.value];
    if (words == nullptr) words = std::make_unique<Words>();
    return *words;
  }
  /// To read; null if all are zero since nothing was ever stored.
  [[nodiscard]] const Words* contents(FrameNumber frame) const { return contents_[frame.value].get(); }
  /// The frame reads as zero again.
  void clear(FrameNumber frame) { contents_[frame.value].reset(); }

 private:
  std::vector<std::unique_ptr<Words>> contents_;  ///< by frame
};

}  // namespace xensim
