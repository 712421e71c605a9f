/// Constants of Linux 2.4.21's TCP, and what of it a machine may choose. Source: its net/ipv4 and
/// include/net/tcp.h, as described in RFC 793, 1122, 1323, 2018 and 2581 where these say how.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "core/time.hpp"

namespace xensim {

/// Ticks of a machine's clock, 100 a second: TCP knows no finer time.
using Jiffies = std::uint64_t;
inline constexpr Time jiffy = 10ms;

struct TcpTimes {
  static constexpr Jiffies hertz = 100;
  static constexpr Jiffies min_timeout = hertz / 5, max_timeout = 120 * hertz, first_timeout = 3 * hertz;
  static constexpr Jiffies min_acknowledge = hertz / 25, max_acknowledge = hertz / 5;
  static constexpr Jiffies time_wait = 60 * hertz;
  /// Before a writer that got no memory asks again; Linux draws it between 2 ticks and 21.
  static constexpr Jiffies memory_wait = hertz / 10;
  static constexpr unsigned syn_retries = 5, data_retries = 15;
};

/// Of all connections of a machine.
struct TcpSettings {
  std::uint32_t mtu = 1500;              ///< bytes of the longest IP packet
  std::uint32_t receive_buffer = 87380;  ///< bytes, also below; grows by nothing but setsockopt
  std::uint32_t max_receive_buffer = 174760;
  std::uint32_t send_buffer = 16384;  ///< grows by itself up to the next
  std::uint32_t max_send_buffer = 131072;
  std::uint32_t option_limit =
      131071;  ///< the most setsockopt takes, before it doubles it (rmem_max, wmem_max)
  std::uint32_t most_requests = 1024;                   ///< not yet acknowledged, of a listening socket
  std::uint32_t most_waiting = 180'000;                 ///< connections in TIME_WAIT (tcp_max_tw_buckets)
  std::uint16_t first_port = 32768, last_port = 61000;  ///< of those that are given out
  bool time_stamps = true, window_scaling = true, selective_acknowledgements = true;

  static constexpr std::uint32_t buffer_head = 188;  ///< struct sk_buff
  static constexpr std::uint32_t header_room = 160;  ///< before the payload of each buffer for sending
  static constexpr std::uint32_t receive_buffer_size =
      1618;                                         ///< a device's, for packets longer than the next
  static constexpr std::uint32_t copy_limit = 256;  ///< shorter ones are copied to their own size

  // Of received bytes that are put together.
  static constexpr std::uint32_t compact_overhead = buffer_head + 2 * header_room;
  static constexpr std::uint32_t compact_room = 4096 - 2 * header_room;

  /// Of a machine with so many pages of 4 KB: buffers, requests and ports follow from its memory, most of
  /// them by the size of the hash table of connections.
  [[nodiscard]] static constexpr TcpSettings of_memory(std::uint32_t pages) {
    constexpr std::uint32_t megabyte = 256;  // pages
    const bool large = pages >= 512 * megabyte;
    const std::uint32_t table = std::max(pages >> (large ? 9U : 11U), 1U);  // pages
    const auto order = static_cast<int>(std::bit_width(table - 1));
    TcpSettings settings;
    settings.option_limit = large ? 131071 : pages > 16 * megabyte ? 65535 : 32767;
    constexpr std::uint32_t usually_waiting = 16384;  // NR_FILE * 2
    if (order <= 4) {
      settings.most_waiting = usually_waiting;
      settings.most_requests = 256;
      settings.first_port = 1024;
      settings.last_port = 4999;
    }
    if (order < 3) {
      settings.most_waiting = usually_waiting >> (3 - order);
      settings.most_requests = 128;
      settings.first_port = 2048;
      settings.receive_buffer = 43689;
      settings.max_receive_buffer = 87378;
      settings.max_send_buffer = 65536;
    }
    return settings;
  }

  [[nodiscard]] std::uint32_t max_segment() const { return mtu - 40; }
  /// What a segment to be sent with room for `payload` bytes takes of the send buffer.
  [[nodiscard]] static constexpr std::uint32_t send_size(std::uint32_t payload) {
    return payload + header_room + buffer_head;
  }
  /// What a received frame takes of the receive buffer, where the device is a tg3.
  [[nodiscard]] static constexpr std::uint32_t receive_size(std::uint32_t frame) {
    return buffer_head + (frame > copy_limit ? std::max(frame + 104, receive_buffer_size) : frame + 18);
  }
  /// Of so much memory a quarter is taken to be overhead.
  [[nodiscard]] static constexpr std::uint32_t window_from(std::uint32_t space) { return space - space / 4; }
};

}  // namespace xensim
