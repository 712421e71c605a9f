/// What a virtual interface shares with its guest: two rings and their indices. Layout of Xen 1.0.
#pragma once

#include <cstdint>

#include "models/io/ring.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

inline constexpr std::uint32_t net_ring_size = 256;

enum class NetStatus : std::uint8_t { ok, bad_page, dropped };

struct TxRequest {
  std::uint16_t id = 0, size = 0;
  Address machine{};  ///< where the packet is

  constexpr bool operator==(const TxRequest&) const = default;
};

struct TxResponse {
  std::uint16_t id = 0;
  NetStatus status{};

  constexpr bool operator==(const TxResponse&) const = default;
};

struct RxRequest {
  std::uint16_t id = 0;
  Address entry{};  ///< machine address of the page-table entry that maps the buffer

  constexpr bool operator==(const RxRequest&) const = default;
};

struct RxResponse {
  std::uint16_t id = 0, size = 0;
  NetStatus status{};
  std::uint8_t offset = 0;  ///< of the packet in its page

  constexpr bool operator==(const RxResponse&) const = default;
};

using NetIndices = WrappedIndices<net_ring_size>;
using TxRing = SharedRing<TxRequest, TxResponse, NetIndices>;
using RxRing = SharedRing<RxRequest, RxResponse, NetIndices>;
static_assert(sizeof(TxRing::slots[0]) == 8 && sizeof(RxRing::slots[0]) == 8);

/// Guests may write anything anywhere in it, at any time. An event is due when the number of responses
/// becomes what the guest waits for, and only then.
struct VifPage {
  TxRing tx{};
  RxRing rx{};
};

}  // namespace xensim
