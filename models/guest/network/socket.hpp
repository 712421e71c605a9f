/// Sockets as open files.
#pragma once

#include <cstdint>
#include <memory>

#include "models/guest/files/file.hpp"
#include "models/io/packet/ipv4.hpp"

namespace xensim {

enum class SocketKind : std::uint8_t { stream, datagram };

struct SocketAddress {
  Ipv4Address ip{};  ///< 0: any of this machine's
  std::uint16_t port = 0;
  auto operator<=>(const SocketAddress&) const = default;
};

/// Sizes are in bytes, as setsockopt is given them: Linux doubles them.
enum class SocketOption : std::uint8_t { send_buffer, receive_buffer, no_delay };

/// What system calls ask of a socket besides reading and writing. A call that sleeps is made again with the
/// same progress, as with files.
class Socket : public File {
 public:
  [[nodiscard]] virtual CallResult bind(SocketAddress /*address*/) { return unsupported(); }
  [[nodiscard]] virtual CallResult listen(std::uint32_t /*backlog*/) { return unsupported(); }
  /// `accepted` is set when it succeeds.
  [[nodiscard]] virtual CallResult accept(ProcessId, Progress&, std::shared_ptr<File>& /*accepted*/) {
    return unsupported();
  }
  [[nodiscard]] virtual CallResult connect(ProcessId, Progress&, SocketAddress) { return unsupported(); }
  /// Nothing more will be sent.
  [[nodiscard]] virtual CallResult shutdown() { return unsupported(); }
  [[nodiscard]] virtual CallResult set_option(SocketOption, std::uint32_t) { return unsupported(); }
  /// getsockname: this end's address.
  [[nodiscard]] virtual SocketAddress local_address() const { return {}; }
  [[nodiscard]] virtual CallResult send_to(WriteRequest&, SocketAddress) { return unsupported(); }
  [[nodiscard]] virtual CallResult receive_from(ReadRequest&, SocketAddress& /*from*/) {
    return unsupported();
  }
  [[nodiscard]] bool has_poll() const override { return true; }

 protected:
  [[nodiscard]] static CallResult unsupported() { return CallResult::failed(CallError::not_supported); }
};

}  // namespace xensim
