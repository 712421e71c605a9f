#include "models/memory/cache_detailed.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <span>

#include "models/memory/page_table.hpp"

namespace xensim {

DetailedCache::DetailedCache(const CacheShape& shape)
    : shape_(shape),
      sets_(static_cast<std::uint32_t>(shape.size.count / shape.line / shape.ways)),
      lines_(std::size_t{sets_} * shape.ways) {
  assert(std::has_single_bit(sets_) && std::has_single_bit(shape.line) && shape.line <= page_size);
  assert(shape.line % shape.sector == 0 && shape.line / shape.sector <= 8);
}

DetailedCache::Place DetailedCache::place(FrameNumber frame, std::uint32_t offset) const {
  assert(offset < page_size);
  const std::uint32_t number = frame.value * (page_size / shape_.line) + offset / shape_.line;
  return {.number = number,
          .sector = 1U << (offset % shape_.line / shape_.sector),
          .set = std::size_t{number & (sets_ - 1)} * shape_.ways};
}

bool DetailedCache::access(FrameNumber frame, std::uint32_t offset, FootprintId owner) {
  const auto [number, sector, set] = place(frame, offset);
  const auto newest = lines_.begin() + static_cast<std::ptrdiff_t>(set);
  const auto oldest = newest + shape_.ways - 1;
  const auto line = std::ranges::find(newest, oldest, number, &Line::number);
  const bool same_line = line->number == number;
  const bool hit = same_line && (line->sectors & sector) != 0;
  if (!hit || line->owner != owner) {
    count(line->owner, -std::popcount(line->sectors));
    *line = {.number = number, .owner = owner, .sectors = same_line ? line->sectors | sector : sector};
    count(owner, std::popcount(line->sectors));
  }
  std::rotate(newest, line, line + 1);
  return hit;
}

bool DetailedCache::holds(FrameNumber frame, std::uint32_t offset) const {
  const auto [number, sector, first] = place(frame, offset);
  const auto set = std::span(lines_).subspan(first, shape_.ways);
  const auto line = std::ranges::find(set, number, &Line::number);
  return line != set.end() && (line->sectors & sector) != 0;
}

void DetailedCache::drop(FrameNumber frame, std::uint32_t offset) {
  const auto [number, sector, first] = place(frame, offset);
  const auto set = std::span(lines_).subspan(first, shape_.ways);
  const auto line = std::ranges::find(set, number, &Line::number);
  if (line == set.end() || (line->sectors & sector) == 0) return;
  line->sectors &= ~sector;
  count(line->owner, -1);
}

void DetailedCache::count(FootprintId owner, int change) {
  if (!owner.valid()) return;
  if (owner.value >= resident_.size()) resident_.resize(owner.value + 1);
  resident_[owner.value] += static_cast<std::uint32_t>(change);
}

}  // namespace xensim
