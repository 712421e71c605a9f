/// A virtual network interface as the monitor keeps it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/time.hpp"
#include "models/io/net/filter_rules.hpp"
#include "models/io/net/vif_page.hpp"
#include "models/io/packet/ethernet.hpp"
#include "models/memory/machine_memory.hpp"

namespace xensim {

/// Bytes of a packet that the monitor copies, so that the guest cannot change them after they were looked
/// at: the headers of Ethernet and IP.
inline constexpr std::size_t protected_header = EthernetHeader::size + Ipv4Header::size;

/// A buffer for a packet to come: its frame is the monitor's, where it was mapped waits for another.
struct PostedBuffer {
  std::uint16_t id = 0;
  std::uint16_t flushes = 0;  ///< of the guest's processor when it was posted, modulo 2^16
  EntryPlace entry{};         ///< its table is kept in use
  FrameNumber frame{};
};

/// A packet for the wire: a header that the monitor keeps, the rest in the guest's pinned frame.
struct QueuedPacket {
  std::uint16_t id = 0, size = 0;
  std::array<std::byte, protected_header> header{};
  Address rest{};

  [[nodiscard]] FrameNumber frame() const { return {rest.page()}; }
};

/// Bytes that an interface may send: filled up to `bytes` when it has run dry and `interval` has passed.
/// Source: Xen 1.1, xen/net/dev.c, from a description. A packet larger than `bytes` makes what remains wrap
/// round, as it does there. Stricter in one point: there, an interface that spends its last byte exactly
/// never sends again.
struct Credit {
  static constexpr std::uint32_t unlimited = UINT32_MAX;

  std::uint32_t bytes = unlimited;
  Time interval{0};  ///< 0: unlimited
  std::uint32_t remaining = unlimited;
  Time refilled{0};      ///< last
  bool waiting = false;  ///< for a timer
};

/// Not owned: the domain and the processor it runs on, which outlive the interface.
struct Vif {
  struct Counters {
    std::uint64_t tx_packets = 0, tx_bytes = 0, rx_packets = 0, rx_bytes = 0;
  };

  VifId id{};
  std::uint64_t serial = 0;  ///< never used again, as ids are
  MacAddress mac{};
  MemoryDomain* domain = nullptr;
  MemoryCpu* cpu = nullptr;

  VifPage page{};
  RingBack<TxRing> tx{};
  RingBack<RxRing> rx{};
  std::deque<QueuedPacket> to_send{};
  std::deque<PostedBuffer> posted{};
  std::uint32_t sending = 0;  ///< packets that the NIC has
  bool scheduled = false;     ///< stands in the transmit schedule
  Credit credit{};
  Counters counters{};
};

}  // namespace xensim
