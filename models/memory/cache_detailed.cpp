#include "models/memory/cache_detailed.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "models/memory/page_table.hpp"

namespace xensim {

DetailedCache::DetailedCache(const CacheShape& shape)
    : shape_(shape),
      sets_(static_cast<std::uint32_t>(shape.size.count / shape.line / shape.ways)),
      lines_(std::size_t{sets_} * shape.ways) {
  assert(std::has_single_bit(sets_) && std::has_single_bit(shape.line) && shape.line <= page_size);
  assert(shape.line % shape.sector == 0 && shape.line / shape.sector <= 8);
}

bool DetailedCache::access(FrameNumber frame, std::uint32_t offset, FootprintId owner) {
  assert(offset < page_size);
  const std::uint32_t number = frame.value * (page_size / shape_.line) + offset / shape_.line;
  const std::uint32_t sector = 1U << (offset % shape_.line / shape_.sector);
  const auto newest = lines_.begin() + std::ptrdiff_t{number & (sets_ - 1)} * shape_.ways;
  const auto oldest = newest + shape_.ways - 1;
  const auto line = std::find_if(newest, oldest, [&](const Line& l) { return l.number == number; });
  const bool same_line = line->number == number;
  const bool hit = same_line && (line->sectors & sector) != 0;
  if (!hit || line->owner != owner) {
    count(line->owner, 0 - static_cast<std::uint32_t>(std::popcount(line->sectors)));
    *line = {.number = number, .owner = owner, .sectors = same_line ? line->sectors | sector : sector};
    count(owner, static_cast<std::uint32_t>(std::popcount(line->sectors)));
  }
  std::rotate(newest, line, line + 1);
  return hit;
}

void DetailedCache::flush() {
  std::fill(lines_.begin(), lines_.end(), Line{});
  resident_.clear();
}

void DetailedCache::count(FootprintId owner, std::uint32_t added) {
  if (!owner.valid()) return;
  if (owner.value >= resident_.size()) resident_.resize(owner.value + 1);
  resident_[owner.value] += added;
}

}  // namespace xensim
