/// The ring of requests that a domain shares with the monitor for all its disks. Layout of Xen 1.0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/io/block/extent.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

inline constexpr std::uint32_t block_ring_size = 64;
inline constexpr std::size_t max_request_segments = 12;

enum class BlockOperation : std::uint8_t { read = 0, write = 1 };
enum class BlockStatus : std::uint32_t { ok, bad_request, io_error };

/// Holds a request until its response, or another's, overwrites the first words.
using BlockSlot = std::array<std::uint32_t, 3 + max_request_segments>;

/// Memory that sectors go to or come from: up to 511 sectors in one run.
struct BufferRun {
  std::uint32_t word = 0;  ///< machine address, a multiple of 512; the low nine bits count sectors

  constexpr bool operator==(const BufferRun&) const = default;
  [[nodiscard]] static constexpr BufferRun of(Address machine, std::uint32_t sectors) {
    return {machine.value | sectors};
  }
  [[nodiscard]] constexpr Address machine() const { return {word & ~(sector_size - 1)}; }
  [[nodiscard]] constexpr std::uint32_t sectors() const { return word & (sector_size - 1); }
};

struct BlockRequest {
  std::uint32_t id = 0;
  std::uint32_t sector = 0;
  DeviceNumber device{};
  std::uint8_t operation = 0;  ///< any value
  std::uint8_t segments = 0;   ///< any value; so many of `buffers` are meant
  std::array<BufferRun, max_request_segments> buffers{};

  constexpr bool operator==(const BlockRequest&) const = default;
  [[nodiscard]] static constexpr BlockRequest from(const BlockSlot& slot) {
    BlockRequest request{.id = slot[0],
                         .sector = slot[1],
                         .device = {static_cast<std::uint16_t>(slot[2])},
                         .operation = static_cast<std::uint8_t>(slot[2] >> 16),
                         .segments = static_cast<std::uint8_t>(slot[2] >> 24)};
    for (std::size_t i = 0; i < max_request_segments; ++i) request.buffers[i].word = slot[3 + i];
    return request;
  }
  [[nodiscard]] constexpr BlockSlot slot() const {
    BlockSlot slot{id, sector, device.value | std::uint32_t{operation} << 16 | std::uint32_t{segments} << 24};
    for (std::size_t i = 0; i < max_request_segments; ++i) slot[3 + i] = buffers[i].word;
    return slot;
  }
};

struct BlockResponse {
  std::uint32_t id = 0;
  std::uint8_t operation = 0;
  BlockStatus status{};

  constexpr bool operator==(const BlockResponse&) const = default;
  [[nodiscard]] static constexpr BlockResponse from(const BlockSlot& slot) {
    return {slot[0], static_cast<std::uint8_t>(slot[1]), static_cast<BlockStatus>(slot[2])};
  }
  constexpr void store(BlockSlot& slot) const {
    slot[0] = id;
    slot[1] = operation;
    slot[2] = static_cast<std::uint32_t>(status);
  }
};

/// Guests may write anything anywhere in it, at any time.
struct BlockPage {
  std::array<BlockSlot, block_ring_size> slots{};
  std::uint32_t requested = 0;  ///< the guest's producer index
  std::uint32_t responded = 0;  ///< the monitor's
};

}  // namespace xensim
