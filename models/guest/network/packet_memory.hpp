/// Memory that holds packets of a guest kernel: the data of its sk_buffs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/guest/memory/guest_memory.hpp"
#include "models/io/tcp/host.hpp"

namespace xensim {

/// Each packet has pages of its own, where in Linux two of 2 KB share one of a slab. The first comes from
/// the slabs; others, which only packets over loopback have, are fragments from the page allocator. A page
/// is free again when neither the protocol nor a device holds it.
class PacketMemory {
 public:
  static constexpr std::size_t most_pages = 5;     ///< of a packet: 16 KB and headers
  static constexpr std::uint32_t head_lines = 4;   ///< struct sk_buff, and skb_shared_info behind the data
  static constexpr std::uint32_t clone_lines = 3;  ///< the first alone

  explicit PacketMemory(GuestMemory& memory) : memory_(memory), holders_(memory.pages.size()) {}

  /// For `bytes` of headers and payload, held once. Empty: no memory.
  [[nodiscard]] std::optional<TcpBuffer> allocate(std::uint32_t bytes);
  /// A page that a device received into, now held by the protocol.
  [[nodiscard]] TcpBuffer adopt(PageNumber page, std::uint32_t offset);
  /// Another name for the same memory, to be released by itself; its bytes count from `before` earlier on.
  [[nodiscard]] TcpBuffer share(TcpBuffer buffer, std::uint32_t before);
  void release(TcpBuffer name);
  /// What is said below of its bytes counts from `bytes` further on: headers are not payload.
  void reserve(TcpBuffer buffer, std::uint32_t bytes) { buffers_[buffer.value].offset += bytes; }

  /// The page that holds byte `offset`, and where it begins in it.
  [[nodiscard]] PageNumber page(TcpBuffer buffer, std::uint32_t offset = 0) const {
    const Buffer& all = buffers_[buffer.value];
    return all.pages[(all.offset + offset) / page_size];
  }
  [[nodiscard]] std::uint32_t place(TcpBuffer buffer, std::uint32_t offset = 0) const {
    return (buffers_[buffer.value].offset + offset) % page_size;
  }

  /// A device holds the page too, until `put`.
  void hold(PageNumber page) { ++holders_[page.value]; }
  void put(PageNumber page);

  void count_references(std::span<std::uint32_t> references) const;

 private:
  struct Buffer {
    std::array<PageNumber, most_pages> pages{};
    std::uint32_t count = 0;
    std::uint32_t offset = 0;
  };
  [[nodiscard]] TcpBuffer slot();

  GuestMemory& memory_;
  std::vector<std::uint16_t> holders_;  ///< by page
  std::vector<Buffer> buffers_;
  std::vector<std::uint32_t> free_;
};

}  // namespace xensim
