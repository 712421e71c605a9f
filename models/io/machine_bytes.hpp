/// Bytes of machine memory, little-endian as the i386 has them. What was never stored reads as zero.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "models/memory/physical_memory.hpp"

namespace xensim {

static_assert(std::endian::native == std::endian::little, "words are copied as they are");

/// `frame` must exist and `offset + bytes.size()` not exceed 4096, here and below. O(bytes).
inline void load_bytes(const PhysicalMemory& memory, FrameNumber frame, std::uint32_t offset,
                       std::span<std::byte> bytes) {
  if (const PhysicalMemory::Words* words = memory.contents(frame)) {
    std::memcpy(bytes.data(), reinterpret_cast<const std::byte*>(words->data()) + offset, bytes.size());
  } else {
    std::ranges::fill(bytes, std::byte{0});
  }
}

inline void store_bytes(PhysicalMemory& memory, FrameNumber frame, std::uint32_t offset,
                        std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  std::memcpy(reinterpret_cast<std::byte*>(memory.words(frame).data()) + offset, bytes.data(), bytes.size());
}

}  // namespace xensim
