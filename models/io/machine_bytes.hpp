/// Bytes of machine memory, little-endian as the i386 has them. What was never stored reads as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/memory/physical_memory.hpp"

namespace xensim {

/// `frame` must exist and `offset + bytes.size()` not exceed 4096, here and below. O(bytes).
inline void load_bytes(const PhysicalMemory& memory, FrameNumber frame, std::uint32_t offset,
                       std::span<std::byte> bytes) {
  const PhysicalMemory::Words* words = memory.contents(frame);
  for (std::byte& byte : bytes) {
    byte = words == nullptr ? std::byte{0} : static_cast<std::byte>((*words)[offset / 4] >> offset % 4 * 8);
    ++offset;
  }
}

inline void store_bytes(PhysicalMemory& memory, FrameNumber frame, std::uint32_t offset,
                        std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  PhysicalMemory::Words& words = memory.words(frame);
  for (const std::byte byte : bytes) {
    std::uint32_t& word = words[offset / 4];
    const std::uint32_t shift = offset % 4 * 8;
    word = (word & ~(0xffU << shift)) | std::to_integer<std::uint32_t>(byte) << shift;
    ++offset;
  }
}

}  // namespace xensim
