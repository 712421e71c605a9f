#include "models/memory/addressed_cache.hpp"

#include <algorithm>

namespace xensim {

std::uint32_t AddressedCache::touch(FootprintId object, std::uint32_t lines) {
  Use& use = use_of(object);
  use.lines = std::max(use.lines, lines);
  std::uint32_t missing = 0;
  for (std::uint32_t line = 0; line < lines; ++line) {
    if (!access(object, placement_.place(object, line))) ++missing;
  }
  return missing;
}

std::size_t AddressedCache::touch_each(std::span<FootprintId> objects) {
  std::size_t missing = 0;
  for (const FootprintId object : objects) {
    objects[missing] = object;
    missing += touch(object, 1);
  }
  return missing;
}

std::uint32_t AddressedCache::touch_page_start(FootprintId object) {
  return access(object, placement_.page_start(object)) ? 0 : 1;
}

std::uint32_t AddressedCache::present(FootprintId object, std::uint32_t lines) const {
  std::uint32_t found = 0;
  for (std::uint32_t line = 0; line < lines; ++line) {
    const auto [frame, offset] = placement_.place(object, line);
    if (cache_.holds(frame, offset)) ++found;
  }
  return found;
}

std::uint32_t AddressedCache::resident(FootprintId object) const {
  if (object.value >= uses_.size() || uses_[object.value].left == 0) return 0;
  const Use& use = uses_[object.value];
  const std::uint64_t now = std::min(present(object, use.run), use.left);
  return static_cast<std::uint32_t>(now * use.run / use.left);
}

void AddressedCache::ran(FootprintId object, std::uint32_t lines) {
  (void)touch(object, lines);
  use_of(object).run = lines;
  use_of(object).left = present(object, lines);
}

void AddressedCache::invalidate(FootprintId object, std::uint32_t lines) {
  lines = std::min(lines, use_of(object).lines);
  for (std::uint32_t line = 0; line < lines; ++line) {
    const auto [frame, offset] = placement_.place(object, line);
    cache_.drop(frame, offset);
  }
}

}  // namespace xensim
