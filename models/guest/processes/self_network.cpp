#include <algorithm>
#include <memory>
#include <utility>

#include "models/guest/network/tcp_socket.hpp"
#include "models/guest/network/udp_socket.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/guest/processes/self.hpp"

namespace xensim {
namespace {

/// The socket of a call, kept while it sleeps.
struct SocketCall {
  std::shared_ptr<File> file{};
  Progress progress{};

  /// Null, and `result` says why, if the descriptor is not a socket's.
  Socket* find(ProcessKernel& kernel, GuestProcess& caller, std::int64_t descriptor, CallResult& result) {
    if (file == nullptr) {
      kernel.context().did(KernelPath::system_call);
      file = caller.files.table.get(static_cast<unsigned>(descriptor));
    }
    auto* socket = dynamic_cast<Socket*>(file.get());
    if (socket == nullptr) {
      result = CallResult::failed(file == nullptr ? CallError::bad_descriptor : CallError::not_socket);
    }
    return socket;
  }
  CallResult end(ProcessKernel& kernel, CallResult result) {
    if (!result.goes_on() && file != nullptr) drop_reference(kernel.context(), std::move(file), result.wakes);
    return result;
  }
};

/// `body` is what the socket is asked: it may sleep and is made again then.
template <class Body>
Call socket_call(std::int64_t descriptor, Body body) {
  return Call{Call::Kind::system,
              [=, call = SocketCall{}](ProcessKernel& kernel, GuestProcess& caller) mutable -> CallResult {
                CallResult result;
                Socket* socket = call.find(kernel, caller, descriptor, result);
                call.progress.interrupted = caller.signals.pending();
                if (socket != nullptr) result = body(kernel, caller, *socket, call.progress);
                return call.end(kernel, std::move(result));
              }};
}

}  // namespace

Call Self::socket(SocketKind kind) const {
  return Call{Call::Kind::system, [kind](ProcessKernel& kernel, GuestProcess& caller) {
                kernel.context().did(KernelPath::system_call);
                kernel.context().did(KernelPath::file_open);
                std::shared_ptr<File> file;
                if (kind == SocketKind::stream) {
                  file = std::make_shared<TcpSocket>(kernel.network());
                } else {
                  file = std::make_shared<UdpSocket>(kernel.network());
                }
                return caller.files.table.install(std::move(file));
              }};
}

Call Self::bind(std::int64_t descriptor, SocketAddress address) const {
  return socket_call(descriptor, [=](ProcessKernel&, GuestProcess&, Socket& socket, Progress&) {
    return socket.bind(address);
  });
}

Call Self::listen(std::int64_t descriptor, std::uint32_t backlog) const {
  return socket_call(descriptor, [=](ProcessKernel&, GuestProcess&, Socket& socket, Progress&) {
    return socket.listen(backlog);
  });
}

Call Self::accept(std::int64_t descriptor) const {
  return socket_call(descriptor,
                     [](ProcessKernel& kernel, GuestProcess& caller, Socket& socket, Progress& progress) {
                       std::shared_ptr<File> accepted;
                       CallResult result = socket.accept(caller.id, progress, accepted);
                       if (!result.ok()) return result;
                       kernel.context().did(KernelPath::file_open);
                       result = caller.files.table.install(accepted);
                       if (!result.ok()) accepted->release(result.wakes);
                       return result;
                     });
}

Call Self::connect(std::int64_t descriptor, SocketAddress to) const {
  return socket_call(descriptor, [=](ProcessKernel&, GuestProcess& caller, Socket& socket,
                                     Progress& progress) { return socket.connect(caller.id, progress, to); });
}

Call Self::shutdown(std::int64_t descriptor) const {
  return socket_call(
      descriptor, [](ProcessKernel&, GuestProcess&, Socket& socket, Progress&) { return socket.shutdown(); });
}

Call Self::set_option(std::int64_t descriptor, SocketOption option, std::uint32_t value) const {
  return socket_call(descriptor, [=](ProcessKernel&, GuestProcess&, Socket& socket, Progress&) {
    return socket.set_option(option, value);
  });
}

Call Self::getsockname(std::int64_t descriptor, SocketAddress& name) const {
  return socket_call(descriptor,
                     [&name](ProcessKernel& kernel, GuestProcess&, Socket& socket, Progress&) -> CallResult {
                       // The way down to the protocol is that of an option; 16 bytes are copied out.
                       kernel.context().did(KernelPath::socket_option);
                       kernel.context().did(KernelPath::copy_user);
                       name = socket.local_address();
                       return {};
                     });
}

Call Self::set_nonblocking(std::int64_t descriptor, bool nonblocking) const {
  return socket_call(descriptor, [=](ProcessKernel&, GuestProcess&, Socket& socket, Progress&) -> CallResult {
    socket.nonblocking = nonblocking;
    return {};
  });
}

Call Self::send_to(std::int64_t descriptor, std::size_t bytes, SocketAddress to) const {
  return socket_call(
      descriptor, [=](ProcessKernel& kernel, GuestProcess& caller, Socket& socket, Progress& progress) {
        WriteRequest request{caller.id, kernel.buffer(std::min(bytes, longest_transfer)), progress};
        CallResult result = socket.send_to(request, to);
        progress = request.progress;
        return result;
      });
}

Call Self::receive_from(std::int64_t descriptor, std::size_t bytes, SocketAddress& from) const {
  return socket_call(descriptor, [=, &from](ProcessKernel& kernel, GuestProcess& caller, Socket& socket,
                                            Progress& progress) {
    ReadRequest request{caller.id, kernel.buffer(std::min(bytes, longest_transfer)), progress};
    CallResult result = socket.receive_from(request, from);
    progress = request.progress;
    return result;
  });
}

}  // namespace xensim
