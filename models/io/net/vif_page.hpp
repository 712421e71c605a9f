/// What a virtual interface shares with its guest: two rings and their indices. Layout of Xen 1.0.
#pragma once

#include <array>
#include <cstdint>

#include "models/memory/page_table.hpp"

namespace xensim {

inline constexpr std::uint32_t net_ring_size = 256;

enum class NetStatus : std::uint8_t { ok, bad_page, dropped };

/// Eight bytes that hold a request until its response overwrites it, or another's.
using NetSlot = std::array<std::uint32_t, 2>;

struct TxRequest {
  std::uint16_t id = 0, size = 0;
  Address machine{};  ///< where the packet is

  constexpr bool operator==(const TxRequest&) const = default;
  [[nodiscard]] static constexpr TxRequest from(const NetSlot& slot) {
    return {static_cast<std::uint16_t>(slot[0]), static_cast<std::uint16_t>(slot[0] >> 16), {slot[1]}};
  }
  [[nodiscard]] constexpr NetSlot slot() const { return {id | std::uint32_t{size} << 16, machine.value}; }
};

struct TxResponse {
  std::uint16_t id = 0;
  NetStatus status{};

  constexpr bool operator==(const TxResponse&) const = default;
  [[nodiscard]] static constexpr TxResponse from(const NetSlot& slot) {
    return {static_cast<std::uint16_t>(slot[0]), static_cast<NetStatus>(slot[0] >> 16 & 0xff)};
  }
  [[nodiscard]] constexpr NetSlot slot() const { return {id | static_cast<std::uint32_t>(status) << 16, 0}; }
};

struct RxRequest {
  std::uint16_t id = 0;
  Address entry{};  ///< machine address of the page-table entry that maps the buffer

  constexpr bool operator==(const RxRequest&) const = default;
  [[nodiscard]] static constexpr RxRequest from(const NetSlot& slot) {
    return {static_cast<std::uint16_t>(slot[0]), {slot[1]}};
  }
  [[nodiscard]] constexpr NetSlot slot() const { return {id, entry.value}; }
};

struct RxResponse {
  std::uint16_t id = 0, size = 0;
  NetStatus status{};
  std::uint8_t offset = 0;  ///< of the packet in its page

  constexpr bool operator==(const RxResponse&) const = default;
  [[nodiscard]] static constexpr RxResponse from(const NetSlot& slot) {
    return {static_cast<std::uint16_t>(slot[0]), static_cast<std::uint16_t>(slot[0] >> 16),
            static_cast<NetStatus>(slot[1] & 0xff), static_cast<std::uint8_t>(slot[1] >> 8)};
  }
  [[nodiscard]] constexpr NetSlot slot() const {
    return {id | std::uint32_t{size} << 16, static_cast<std::uint32_t>(status) | std::uint32_t{offset} << 8};
  }
};

/// One ring as both sides see it. An event is due when `responded` becomes `event`, and only then.
struct NetRing {
  std::array<NetSlot, net_ring_size> slots{};
  std::uint32_t requested = 0;  ///< the guest's producer index
  std::uint32_t responded = 0;  ///< the monitor's
  std::uint32_t event = 0;      ///< the guest's threshold
};

/// Guests may write anything anywhere in it, at any time.
struct VifPage {
  NetRing tx{}, rx{};
};

}  // namespace xensim
