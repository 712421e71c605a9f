/// The checksum of IP, TCP and UDP: the ones' complement of the ones' complement sum of 16-bit words.
/// Source: RFC 1071; changes of single words by equation 3 of RFC 1624.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace xensim {

/// A checksum in the making. Parts may be added in any order, each at an even distance from the start of
/// what is summed; zeros need not be added at all.
class Checksum {
 public:
  /// An odd byte at the end counts as the upper half of a word. O(bytes).
  constexpr Checksum& add(std::span<const std::byte> bytes) {
    std::size_t i = 0;
    for (; i + 1 < bytes.size(); i += 2) {
      sum_ += std::to_integer<std::uint64_t>(bytes[i]) << 8 | std::to_integer<std::uint64_t>(bytes[i + 1]);
    }
    if (i < bytes.size()) sum_ += std::to_integer<std::uint64_t>(bytes[i]) << 8;
    return *this;
  }
  constexpr Checksum& add(std::uint16_t word) {
    sum_ += word;
    return *this;
  }
  constexpr Checksum& add(std::uint32_t words) {
    sum_ += (words >> 16) + (words & 0xffffU);
    return *this;
  }

  /// What belongs into the field; over a packet that has its field filled in, 0 if nothing is damaged.
  [[nodiscard]] constexpr std::uint16_t result() const {
    std::uint64_t sum = sum_;
    while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
    return static_cast<std::uint16_t>(~sum);
  }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace xensim
