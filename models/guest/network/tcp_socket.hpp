/// A TCP socket of a guest kernel.
#pragma once

#include <optional>

#include "models/guest/network/network_stack.hpp"
#include "models/guest/network/socket.hpp"
#include "models/io/fifo.hpp"

namespace xensim {

class TcpSocket final : public Socket {
 public:
  explicit TcpSocket(NetworkStack& stack);
  /// One that was accepted.
  TcpSocket(NetworkStack& stack, TcpConnection& connection);

  [[nodiscard]] CallResult bind(SocketAddress address) override;
  [[nodiscard]] CallResult listen(std::uint32_t backlog) override;
  [[nodiscard]] CallResult accept(ProcessId process, Progress& progress,
                                  std::shared_ptr<File>& accepted) override;
  [[nodiscard]] CallResult connect(ProcessId process, Progress& progress, SocketAddress to) override;
  [[nodiscard]] CallResult read(ReadRequest& request) override;
  [[nodiscard]] CallResult write(WriteRequest& request) override;
  [[nodiscard]] CallResult shutdown() override;
  [[nodiscard]] CallResult set_option(SocketOption option, std::uint32_t value) override;
  [[nodiscard]] SocketAddress local_address() const override;
  [[nodiscard]] CallResult send_to(WriteRequest& request, SocketAddress /*ignored*/) override {
    return write(request);
  }
  [[nodiscard]] CallResult receive_from(ReadRequest& request, SocketAddress& from) override;
  /// Looks at the socket without a lock (tcp_poll).
  [[nodiscard]] Readiness poll(PollTable* table) override;
  void release(Wakes& wakes) override;

  [[nodiscard]] WaitQueue& queue() { return queue_; }
  [[nodiscard]] std::uint32_t name() const { return name_; }  ///< in the caches
  /// Null before connect and after close.
  [[nodiscard]] const TcpConnection* connection() const { return connection_; }
  /// For the stack: a call holds the socket, which will work on the segment before it lets it go (Linux's
  /// backlog), or a reader sleeps who will do so himself (prequeue). True: it was taken.
  [[nodiscard]] bool keeps(const NetworkStack::Segment& segment);
  /// A timer has run: segments that have waited for a reader for 150 ms wait no longer.
  void give_up_reader();

 private:
  /// False: it slept, and a signal ends it.
  [[nodiscard]] bool begin(Progress& progress, ProcessId process);
  [[nodiscard]] CallResult sleep(Progress& progress, ProcessId process,
                                 WaitQueue::Waits how = WaitQueue::Waits::with_others);
  [[nodiscard]] CallError error();
  /// A call begins or goes on after it slept: it has the socket to itself.
  void lock(Progress& progress);
  /// The next step of letting the socket go: works on a segment that has waited. False: none has.
  [[nodiscard]] bool releases_one();
  /// The call is over, but for what has waited: until that is done it pauses.
  [[nodiscard]] CallResult leave(Progress& progress, const CallResult& result);
  /// Works on all segments that have waited. O(segments).
  void work_on_waiting();
  void uses() const;

  NetworkStack& stack_;
  std::uint32_t name_;
  WaitQueue queue_;
  TcpConnection* connection_ = nullptr;
  SocketAddress local_{};
  bool listening_ = false, connecting_ = false, reported_ = false;
  bool reader_sleeps_ = false;
  bool locked_ = false;  ///< by a call that pauses
  Fifo<NetworkStack::Segment> waiting_;
  std::uint32_t waiting_size_ = 0;  ///< of those that came while a reader slept
  Jiffies waiting_since_ = 0;
  // As setsockopt was given them before there was a connection; 0: not at all.
  std::uint32_t send_buffer_ = 0, receive_buffer_ = 0;
  bool no_delay_ = false;
};

}  // namespace xensim
