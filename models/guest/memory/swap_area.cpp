#include "models/guest/memory/swap_area.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {

std::optional<std::uint32_t> SwapArea::allocate() {
  const auto found = find();
  if (!found) return {};
  counts_[*found] = 1;
  ++used_;
  if (*found == lowest_) ++lowest_;
  return found;
}

std::optional<std::uint32_t> SwapArea::find() {
  while (left_in_cluster_ > 0 && next_ < size()) {
    const std::uint32_t slot = next_++;
    ++scanned_;
    if (counts_[slot] != 0) continue;
    --left_in_cluster_;
    return slot;
  }
  left_in_cluster_ = 0;
  if (free_slots() == 0) return {};
  std::uint32_t run = 0;
  for (std::uint32_t slot = lowest_; slot < size() && run < cluster; ++slot) {
    run = counts_[slot] == 0 ? run + 1 : 0;
    ++scanned_;
    if (run < cluster) continue;
    const std::uint32_t first = slot + 1 - cluster;
    next_ = first + 1;
    left_in_cluster_ = cluster - 1;
    return first;
  }
  const auto first = std::find(counts_.begin() + lowest_, counts_.end(), std::uint16_t{0});
  const auto slot = static_cast<std::uint32_t>(first - counts_.begin());
  scanned_ += slot - lowest_ + 1;
  lowest_ = slot;
  return slot;
}

bool SwapArea::put(std::uint32_t slot) {
  if (--counts_[slot] > 0) return false;
  --used_;
  lowest_ = std::min(lowest_, slot);
  return true;
}

std::string SwapArea::audit(const std::vector<std::uint32_t>& references) const {
  std::uint32_t used = 0;
  for (std::uint32_t slot = 1; slot < size(); ++slot) {
    if (counts_[slot] != references[slot]) {
      return fmt::format("slot {} has count {}, but {} references", slot, counts_[slot], references[slot]);
    }
    if (counts_[slot] > 0) ++used;
  }
  if (used != used_) return fmt::format("{} slots in use, {} counted", used, used_);
  return {};
}

}  // namespace xensim
