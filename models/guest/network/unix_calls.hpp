/// System calls on sockets of the Unix domain.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "models/guest/network/unix_socket.hpp"
#include "models/guest/processes/system_calls.hpp"

namespace xensim {

/// Entry points below the trap (sys_socketcall), as SystemCalls has them. A name is an inode of its own kind,
/// which stays when the socket is closed: connecting to it is refused then.
class UnixCalls {
 public:
  UnixCalls(const KernelContext& context, SystemCalls& calls) : context_(context), calls_(calls) {}

  /// The value is the descriptor.
  [[nodiscard]] CallResult socket(ProcessFiles& process);
  /// The value is one descriptor, `second` the other.
  [[nodiscard]] CallResult pair(ProcessFiles& process, unsigned& second);
  /// Fails with exists if the name is there.
  [[nodiscard]] CallResult bind(const ProcessFiles& process, unsigned descriptor, std::string_view path);
  [[nodiscard]] CallResult listen(const ProcessFiles& process, unsigned descriptor, std::size_t backlog);

  /// In progress: each is called again after a sleep.
  struct Connecting {
    UnixSocket::Waiting waiting;
    std::shared_ptr<UnixSocket> socket{}, peer{}, listener{};
  };
  [[nodiscard]] CallResult connect(const ProcessFiles& process, unsigned descriptor, std::string_view path,
                                   Connecting& call);
  struct Accepting {
    UnixSocket::Waiting waiting;
    std::shared_ptr<UnixSocket> listener{};
  };
  /// The value is the new descriptor.
  [[nodiscard]] CallResult accept(ProcessFiles& process, unsigned descriptor, Accepting& call);
  [[nodiscard]] CallResult send(const ProcessFiles& process, unsigned descriptor, WriteCall& call);
  [[nodiscard]] CallResult receive(const ProcessFiles& process, unsigned descriptor, ReadCall& call);

 private:
  void enter() const;
  [[nodiscard]] std::shared_ptr<UnixSocket> create();
  /// sockfd_lookup; null: not open, or no such socket.
  [[nodiscard]] std::shared_ptr<UnixSocket> find(const ProcessFiles& process, unsigned descriptor) const;

  const KernelContext& context_;
  SystemCalls& calls_;
  std::map<InodeNumber, std::weak_ptr<UnixSocket>> bound_;
  std::uint32_t made_ = 0;
};

}  // namespace xensim
