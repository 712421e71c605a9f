/// A TCP segment with its options taken apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/io/packet/tcp.hpp"
#include "models/io/tcp/sequence.hpp"

namespace xensim {

/// Bytes from `begin` up to `end` have arrived out of order (RFC 2018).
struct SackBlock {
  Sequence begin = 0, end = 0;
  bool operator==(const SackBlock&) const = default;
};

struct TcpSegment {
  static constexpr std::uint8_t no_scale = 0xff;

  std::uint16_t source_port = 0, destination_port = 0;
  Sequence sequence = 0, acknowledgement = 0;
  std::uint32_t length = 0;  ///< bytes of payload
  std::uint16_t window = 0;  ///< as it stands in the header
  std::uint8_t flags = 0;    ///< of TcpHeader
  bool stamped = false;      ///< the next two are there (RFC 1323)
  std::uint32_t stamp = 0, echo = 0;
  std::uint16_t max_segment = 0;         ///< 0: no such option
  std::uint8_t window_scale = no_scale;  ///< no_scale: no such option
  bool sack_permitted = false;
  std::uint8_t sack_count = 0;
  std::array<SackBlock, 4> sacks{};

  bool operator==(const TcpSegment&) const = default;
  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  /// The sequence number after this segment.
  [[nodiscard]] Sequence end() const {
    return sequence + length + (has(TcpHeader::syn) ? 1U : 0U) + (has(TcpHeader::fin) ? 1U : 0U);
  }
};

/// With the options in the header's bytes; all of them must fit into 40 bytes. O(options), also below.
[[nodiscard]] TcpHeader to_header(const TcpSegment& segment);
/// What `header` and so many bytes of payload say. Options that are unknown or cut off count as not there.
[[nodiscard]] TcpSegment to_segment(const TcpHeader& header, std::uint32_t payload);

}  // namespace xensim
