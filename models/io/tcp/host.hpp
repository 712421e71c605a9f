/// What a TCP connection and the machine that it runs on expect of each other.
#pragma once

#include <cstdint>
#include <optional>

#include "models/io/packet/ipv4.hpp"
#include "models/io/tcp/segment.hpp"

namespace xensim {

class TcpConnection;

/// Names memory that holds a segment's payload; what the number means is the machine's business.
struct TcpBuffer {
  static constexpr std::uint32_t none = 0xffffffff;
  std::uint32_t value = none;
  bool operator==(const TcpBuffer&) const = default;
  [[nodiscard]] bool valid() const { return value != none; }
};

/// Both ends of a connection, as seen from this machine.
struct TcpPair {
  Ipv4Address local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  auto operator<=>(const TcpPair&) const = default;
};

enum class TcpChange : std::uint8_t {
  established,  ///< it is open in both directions
  readable,     ///< bytes to read, or the end of what the other side sends
  writable,     ///< enough room in the send buffer again
  ended,        ///< the other side will send no more
  failed,       ///< reset, refused or given up: the connection is closed
};

class TcpHost {
 public:
  TcpHost() = default;
  TcpHost(const TcpHost&) = delete;
  TcpHost& operator=(const TcpHost&) = delete;
  virtual ~TcpHost() = default;

  /// Sends a segment whose payload is in `payload`, which stays the connection's. False: a queue of this
  /// machine was full and the segment is lost.
  virtual bool transmit(TcpConnection& connection, const TcpSegment& segment, TcpBuffer payload) = 0;
  /// Bytes of the longest IP packet on the way to `to`; `usual` is that of the settings.
  [[nodiscard]] virtual std::uint32_t mtu(Ipv4Address /*to*/, std::uint32_t usual) const { return usual; }
  /// May ask and read the connection, but not write to it or close it before its call is over.
  virtual void changed(TcpConnection& connection, TcpChange change) = 0;

  /// The other side has acknowledged something new: its machine is there (dst_confirm).
  virtual void confirmed(const TcpConnection& /*connection*/) {}

  /// Memory for a segment's payload, `bytes` at most; the program's bytes go to and from it. Empty: there is
  /// none left. A host that does not keep payloads gives a buffer that is not valid.
  virtual std::optional<TcpBuffer> allocate(std::uint32_t /*bytes*/) { return TcpBuffer{}; }
  virtual void fill(TcpBuffer, std::uint32_t /*offset*/, std::uint32_t /*bytes*/) {}
  virtual void drain(TcpBuffer, std::uint32_t /*offset*/, std::uint32_t /*bytes*/) {}
  /// From one buffer's payload to another's.
  virtual void move(TcpBuffer /*from*/, std::uint32_t /*offset*/, TcpBuffer /*to*/, std::uint32_t /*at*/,
                    std::uint32_t /*bytes*/) {}
  /// Also of buffers that came with received segments.
  virtual void release(TcpBuffer) {}
};

}  // namespace xensim
