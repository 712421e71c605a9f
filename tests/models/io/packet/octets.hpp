/// Bytes as tests write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xensim::test {

inline std::vector<std::byte> octets(const std::vector<std::uint8_t>& values) {
  std::vector<std::byte> bytes;
  for (const std::uint8_t value : values) bytes.push_back(std::byte{value});
  return bytes;
}

}  // namespace xensim::test
