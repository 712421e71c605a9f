/// Bits in use, searched by words as a kernel does.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

namespace xensim {

/// A bitmap whose searches say how many 32-bit words they looked at.
class Bitmap {
 public:
  /// `bits` is a multiple of 32.
  explicit Bitmap(std::uint32_t bits) : words_(bits / 32), free_(bits) {}

  struct Search {
    std::optional<std::uint32_t> bit;
    std::uint32_t words = 0;
  };
  /// The first bit that is clear, at `from` or behind it.
  [[nodiscard]] Search first_clear(std::uint32_t from) const {
    Search search;
    for (std::uint32_t word = from / 32; word < words_.size(); ++word) {
      ++search.words;
      const std::uint32_t before = word == from / 32 ? (std::uint32_t{1} << from % 32) - 1 : 0;
      const std::uint32_t taken = words_[word] | before;
      if (taken == UINT32_MAX) continue;
      search.bit = word * 32 + static_cast<std::uint32_t>(std::countr_one(taken));
      break;
    }
    return search;
  }

  [[nodiscard]] bool test(std::uint32_t bit) const { return (words_[bit / 32] >> bit % 32 & 1) != 0; }
  /// The bit must be clear, or set.
  void set(std::uint32_t bit) {
    words_[bit / 32] |= std::uint32_t{1} << bit % 32;
    --free_;
  }
  void clear(std::uint32_t bit) {
    words_[bit / 32] &= ~(std::uint32_t{1} << bit % 32);
    ++free_;
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(words_.size() * 32); }
  [[nodiscard]] std::uint32_t free() const { return free_; }

 private:
  std::vector<std::uint32_t> words_;
  std::uint32_t free_;
};

}  // namespace xensim
