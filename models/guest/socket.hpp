/// A connected stream socket, as far as polling looks at it.
#pragma once

#include <cstdint>

#include "models/guest/file.hpp"

namespace xensim {

/// The buffers of a TCP socket of Linux 2.4.21 as tcp_poll reads them, without a lock. Protocol, reading and
/// writing are not modelled.
class StreamSocket final : public File {
 public:
  /// `send_buffer` in bytes.
  explicit StreamSocket(const KernelContext& context, std::uint32_t send_buffer = 16384)
      : context_(context), send_buffer_(send_buffer) {}

  [[nodiscard]] bool has_poll() const override { return true; }
  /// Writable while at least half as much is free as is queued.
  [[nodiscard]] Readiness poll(PollTable* table) override;

  /// Bytes now queued for sending, and received but unread; wakes whoever this makes ready.
  void set_queued(std::uint32_t bytes, Wakes& wakes);
  void set_received(std::uint32_t bytes, Wakes& wakes);

 private:
  [[nodiscard]] bool writable() const {
    return queued_ <= send_buffer_ && send_buffer_ - queued_ >= queued_ / 2;
  }

  const KernelContext& context_;
  std::uint32_t send_buffer_;
  std::uint32_t queued_ = 0, received_ = 0;
  WaitQueue queue_;
};

}  // namespace xensim
