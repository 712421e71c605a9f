/// The slots of a swap partition (Linux 2.4.21 mm/swapfile.c).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/guest/memory/area.hpp"

namespace xensim {

/// One page each, and how many refer to it: page-table entries, and the swap cache. Slot 0 is the header.
/// Slots are given out in clusters of 256 consecutive ones, first fit when no cluster is left whole.
class SwapArea {
 public:
  static constexpr std::uint32_t cluster = 256;

  explicit SwapArea(std::uint32_t slots) : counts_(slots) { counts_.at(0) = 1; }

  /// A slot with one reference. Empty: the area is full. O(1) within a cluster, else O(slots).
  [[nodiscard]] std::optional<std::uint32_t> allocate();
  void get(std::uint32_t slot) { ++counts_[slot]; }
  /// True if it was the last reference.
  bool put(std::uint32_t slot);

  [[nodiscard]] std::uint32_t count(std::uint32_t slot) const { return counts_[slot]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(counts_.size()); }
  [[nodiscard]] std::uint32_t used() const { return used_; }
  [[nodiscard]] std::uint32_t free_slots() const { return size() - 1 - used_; }
  /// From here on slots are freed as soon as their pages are back in memory.
  [[nodiscard]] bool more_than_half_full() const { return used_ * 2 > size(); }
  /// Slots that allocate() has looked at, in all.
  [[nodiscard]] std::uint64_t scanned() const { return scanned_; }
  /// Empty, or the first slot whose count is not what `references` says.
  [[nodiscard]] std::string audit(const std::vector<std::uint32_t>& references) const;

 private:
  [[nodiscard]] std::optional<std::uint32_t> find();

  std::vector<std::uint16_t> counts_;
  std::uint32_t used_ = 0;
  std::uint32_t lowest_ = 1;  ///< nothing below is free
  std::uint32_t next_ = 1, left_in_cluster_ = 0;
  std::uint64_t scanned_ = 0;
};

/// How an entry of a page table names a slot: neither present nor untouchable, yet not empty.
[[nodiscard]] constexpr PageTableEntry swap_entry(std::uint32_t slot) { return {slot << 8}; }
[[nodiscard]] constexpr bool is_swapped(PageTableEntry entry) {
  return entry.bits != 0 && !is_resident(entry);
}
[[nodiscard]] constexpr std::uint32_t slot_of(PageTableEntry entry) { return entry.bits >> 8; }

}  // namespace xensim
