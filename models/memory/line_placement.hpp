/// Where in memory the objects of a run lie, as far as caches that go by addresses need to know.
#pragma once

#include <cstdint>

#include "core/ids.hpp"
#include "core/random.hpp"
#include "models/memory/cache_footprint.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// One colouring of memory: each object begins at a line drawn at random of a page drawn at random; the lines
/// that follow are in the same page (from its end on to its beginning), those of more than a page in pages
/// drawn likewise. All processors of a machine see the same. That neighbours share a page or a line is left
/// out.
class LinePlacement {
 public:
  static constexpr std::uint32_t line_size = 64, page_lines = page_size / line_size;
  struct Place {
    FrameNumber frame;
    std::uint32_t offset = 0;  ///< bytes
  };

  explicit LinePlacement(std::uint64_t colouring) : colouring_(colouring) {}

  /// The object's line number `line`. O(1).
  [[nodiscard]] Place place(FootprintId object, std::uint32_t line) const {
    const std::uint32_t first = start_of_page + draw(object, 0) % (page_lines - start_of_page);
    return {frame(object, line / page_lines), (first + line) % page_lines * line_size};
  }
  /// The first line of the page that it lies in, which no object of less than a page has.
  [[nodiscard]] Place page_start(FootprintId object) const { return {frame(object, 0), 0}; }

 private:
  static constexpr std::uint32_t start_of_page = 1;
  static constexpr std::uint32_t frames = 1U << 18;  ///< 1 GB: more than there are colours by far

  [[nodiscard]] FrameNumber frame(FootprintId object, std::uint32_t page) const {
    return {draw(object, page + 1) % frames};
  }
  [[nodiscard]] std::uint32_t draw(FootprintId object, std::uint32_t which) const {
    return static_cast<std::uint32_t>(
        RandomStream::pure(colouring_, std::uint64_t{object.value} << 32 | which) >> 32);
  }

  std::uint64_t colouring_;
};

}  // namespace xensim
