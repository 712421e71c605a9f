/// Names of buffers: what is written to the disk as one.
#pragma once

#include <compare>
#include <cstdint>

#include "models/guest/files/disk_layout.hpp"
#include "models/guest/memory/paging.hpp"

namespace xensim {

/// A page of a file or of the swap area, which has one buffer of 4 KB; or a block of metadata or of the
/// journal, which lies in the buffer cache. Also what the block layer hands back as a request's tag.
struct BufferId {
  std::uint64_t value = 0;

  [[nodiscard]] static constexpr BufferId of(PageNumber page) { return {page.value}; }
  [[nodiscard]] static constexpr BufferId of(BlockNumber block) { return {block_mark | block.value}; }
  [[nodiscard]] constexpr bool is_block() const { return (value & block_mark) != 0; }
  [[nodiscard]] constexpr PageNumber page() const { return {static_cast<std::uint32_t>(value)}; }
  [[nodiscard]] constexpr BlockNumber block() const { return {static_cast<std::uint32_t>(value)}; }
  auto operator<=>(const BufferId&) const = default;

 private:
  static constexpr std::uint64_t block_mark = std::uint64_t{1} << 32;
};

}  // namespace xensim
