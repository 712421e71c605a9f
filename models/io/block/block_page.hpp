/// The ring of requests that a domain shares with the monitor for all its disks. Layout of Xen 1.0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/io/block/extent.hpp"
#include "models/io/ring.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

inline constexpr std::uint32_t block_ring_size = 64;
inline constexpr std::size_t max_request_segments = 12;

enum class BlockOperation : std::uint8_t { read = 0, write = 1 };
enum class BlockStatus : std::uint32_t { ok, bad_request, io_error };

/// Memory that sectors go to or come from: up to 511 sectors in one run.
struct BufferRun {
  std::uint32_t word = 0;  ///< machine address, a multiple of 512; the low nine bits count sectors

  constexpr bool operator==(const BufferRun&) const = default;
  [[nodiscard]] static constexpr BufferRun of(Address machine, std::uint32_t sectors) {
    return {machine.value | sectors};
  }
  [[nodiscard]] constexpr Address machine() const { return {word & ~(sector_bytes - 1)}; }
  [[nodiscard]] constexpr std::uint32_t sectors() const { return word & (sector_bytes - 1); }
};

struct BlockRequest {
  std::uint32_t id = 0;
  std::uint32_t sector = 0;
  DeviceNumber device{};
  std::uint8_t operation = 0;  ///< any value
  std::uint8_t segments = 0;   ///< any value; so many of `buffers` are meant
  std::array<BufferRun, max_request_segments> buffers{};

  constexpr bool operator==(const BlockRequest&) const = default;
};

struct BlockResponse {
  std::uint32_t id = 0;
  std::uint8_t operation = 0;
  BlockStatus status{};

  constexpr bool operator==(const BlockResponse&) const = default;
};

using BlockIndices = WrappedIndices<block_ring_size>;
/// Guests may write anything anywhere in it, at any time. A response overwrites the first words of a request.
using BlockPage = SharedRing<BlockRequest, BlockResponse, BlockIndices>;
static_assert(sizeof(BlockPage::slots[0]) == 4 * (3 + max_request_segments));

}  // namespace xensim
