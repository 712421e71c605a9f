/// Stream sockets of the Unix domain.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "models/guest/files/file.hpp"

namespace xensim {

/// A socket of Linux 2.4.21 net/unix/af_unix.c: what is sent goes in messages straight into the peer's
/// receive queue, one copy in and one copy out, and counts as the sender's until it was read. Readers,
/// writers and those who poll share one wait queue.
class UnixSocket final : public File {
 public:
  static constexpr std::size_t send_buffer = 65535;
  static constexpr std::size_t largest_message = 16384;
  static constexpr std::size_t message_overhead = 160;  ///< sk_buff, counted against the send buffer

  /// `number` is its own among all sockets of the kernel.
  UnixSocket(const KernelContext& context, std::uint32_t number) : context_(context), number_(number) {}

  /// Two sockets become each other's peers, as socketpair makes them.
  static void join(const std::shared_ptr<UnixSocket>& one, const std::shared_ptr<UnixSocket>& other);

  /// Receive and send. To be called again after each sleep, until the result does not sleep.
  [[nodiscard]] CallResult read(ReadRequest& request) override;
  [[nodiscard]] CallResult write(WriteRequest& request) override;
  [[nodiscard]] bool has_poll() const override { return true; }
  /// Writable while at most a quarter of the send buffer is in use.
  [[nodiscard]] Readiness poll(PollTable* table) override;
  void release(Wakes& wakes) override;

  /// From now on up to `backlog` peers more than one may wait to be accepted.
  [[nodiscard]] CallResult listen(std::size_t backlog);
  /// A process's connect or accept in progress; it may sleep.
  struct Waiting {
    ProcessId process;
    Progress progress{};
  };
  /// Joins this socket with `peer`, a new one, which `listener` will accept. Sleeps while the listener's
  /// queue is full. To be called again after a sleep.
  [[nodiscard]] CallResult connect(UnixSocket& listener, const std::shared_ptr<UnixSocket>& self,
                                   const std::shared_ptr<UnixSocket>& peer, Waiting& call);
  /// `accepted` is set if it succeeds.
  [[nodiscard]] CallResult accept(Waiting& call, std::shared_ptr<UnixSocket>& accepted);

  [[nodiscard]] bool is_connected() const { return connected_; }
  [[nodiscard]] std::size_t unread() const { return unread_; }  ///< bytes
  [[nodiscard]] const WaitQueue& queue() const { return queue_; }
  [[nodiscard]] std::string audit() const;

 private:
  struct Message {
    std::size_t bytes = 0;   ///< not yet read
    std::size_t charge = 0;  ///< to the sender
  };
  /// False: it slept, and a signal ends it.
  [[nodiscard]] bool resumed(Progress& progress, ProcessId process, WaitQueue& queue);
  [[nodiscard]] CallResult sleep(Progress& progress, ProcessId process, WaitQueue& queue,
                                 WaitQueue::Waits how, CallResult so_far);
  [[nodiscard]] bool writable() const { return in_flight_ * 4 <= send_buffer; }
  void uses() const;
  void take(ReadRequest& request, UnixSocket* sender, Wakes& wakes);
  void drop_queue(Wakes& wakes);

  const KernelContext& context_;
  std::uint32_t number_;
  std::weak_ptr<UnixSocket> peer_;
  bool connected_ = false;  ///< it has or had a peer
  bool listening_ = false;
  std::deque<Message> received_;
  std::size_t unread_ = 0, in_flight_ = 0;
  std::deque<std::shared_ptr<UnixSocket>> pending_;  ///< connected and to be accepted
  std::size_t backlog_ = 0;
  WaitQueue queue_;
  WaitQueue connecting_;  ///< who waits until `pending_` has room
};

}  // namespace xensim
