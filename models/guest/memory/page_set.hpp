/// Some of a file's pages.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace xensim {

/// A set of page numbers: a bit for each up to the highest.
class PageSet {
 public:
  void insert(std::uint32_t page) {
    if (page / word_bits >= words_.size()) words_.resize(page / word_bits + 1);
    words_[page / word_bits] |= bit(page);
  }
  void erase(std::uint32_t page) {
    if (page / word_bits < words_.size()) words_[page / word_bits] &= ~bit(page);
  }
  /// All from `first` on.
  void erase_from(std::uint32_t first) {
    if (first / word_bits >= words_.size()) return;
    words_.resize(first / word_bits + 1);
    words_.back() &= bit(first) - 1;
  }
  /// Takes in `others`, where only those stay that were here already.
  void merge(PageSet& others) {
    words_.resize(std::max(words_.size(), others.words_.size()));
    for (std::size_t i = 0; i < others.words_.size(); ++i) {
      const std::uint64_t both = words_[i] & others.words_[i];
      words_[i] |= std::exchange(others.words_[i], both);
    }
  }
  void clear() { words_.clear(); }

  /// The first from `page` on. O(1), and one step more for each 64 pages that are not in the set.
  [[nodiscard]] std::optional<std::uint32_t> next(std::uint32_t page) const {
    std::size_t i = page / word_bits;
    if (i >= words_.size()) return std::nullopt;
    std::uint64_t word = words_[i] & ~(bit(page) - 1);
    while (word == 0) {
      if (++i == words_.size()) return std::nullopt;
      word = words_[i];
    }
    return static_cast<std::uint32_t>(i * word_bits) + static_cast<std::uint32_t>(std::countr_zero(word));
  }

 private:
  static constexpr std::uint32_t word_bits = 64;
  [[nodiscard]] static std::uint64_t bit(std::uint32_t page) { return std::uint64_t{1} << page % word_bits; }

  std::vector<std::uint64_t> words_;
};

}  // namespace xensim
