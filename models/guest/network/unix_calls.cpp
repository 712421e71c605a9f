#include "models/guest/network/unix_calls.hpp"

#include <utility>

namespace xensim {

void UnixCalls::enter() const {
  context_.did(KernelPath::system_call);
  context_.did(KernelPath::socket_call);
}

std::shared_ptr<UnixSocket> UnixCalls::create() {
  context_.did(KernelPath::unix_create);
  context_.did(KernelPath::file_open);
  context_.locked(4);
  return std::make_shared<UnixSocket>(context_, made_++);
}

std::shared_ptr<UnixSocket> UnixCalls::find(const ProcessFiles& process, unsigned descriptor) const {
  return std::dynamic_pointer_cast<UnixSocket>(process.table.get(descriptor));
}

CallResult UnixCalls::socket(ProcessFiles& process) {
  enter();
  return process.table.install(create());
}

CallResult UnixCalls::pair(ProcessFiles& process, unsigned& second) {
  enter();
  std::shared_ptr<UnixSocket> one = create(), other = create();
  UnixSocket::join(one, other);
  CallResult result = process.table.install(std::move(one));
  if (!result.ok()) return result;
  const CallResult installed = process.table.install(std::move(other));
  if (!installed.ok()) {
    (void)process.table.close(static_cast<unsigned>(result.value));
    return installed;
  }
  second = static_cast<unsigned>(installed.value);
  return result;
}

CallResult UnixCalls::bind(const ProcessFiles& process, unsigned descriptor, std::string_view path) {
  context_.did(KernelPath::socket_call);
  const std::shared_ptr<UnixSocket> socket = find(process, descriptor);
  if (socket == nullptr) return CallResult::failed(CallError::bad_descriptor);
  const CallResult named = calls_.mknod(process, path, InodeKind::socket);
  if (!named.ok()) return named;
  bound_[*calls_.find(process, path).inode] = socket;
  return {};
}

CallResult UnixCalls::listen(const ProcessFiles& process, unsigned descriptor, std::size_t backlog) {
  enter();
  const std::shared_ptr<UnixSocket> socket = find(process, descriptor);
  return socket != nullptr ? socket->listen(backlog) : CallResult::failed(CallError::bad_descriptor);
}

CallResult UnixCalls::connect(const ProcessFiles& process, unsigned descriptor, std::string_view path,
                              Connecting& call) {
  if (call.socket == nullptr) {
    enter();
    call.socket = find(process, descriptor);
    if (call.socket == nullptr) return CallResult::failed(CallError::bad_descriptor);
    const PathLookup::Found found = calls_.find(process, path);
    if (found.error != CallError::none) return CallResult::failed(found.error);
    const auto name = bound_.find(*found.inode);
    if (name != bound_.end()) call.listener = name->second.lock();
    if (call.listener == nullptr) return CallResult::failed(CallError::connection_refused);
    call.peer = create();
  }
  CallResult result = call.socket->connect(*call.listener, call.socket, call.peer, call.waiting);
  if (result.sleeps) return result;
  call.peer = nullptr;
  drop_reference(context_, std::exchange(call.socket, nullptr), result.wakes);
  drop_reference(context_, std::exchange(call.listener, nullptr), result.wakes);
  return result;
}

CallResult UnixCalls::accept(ProcessFiles& process, unsigned descriptor, Accepting& call) {
  if (call.listener == nullptr) {
    enter();
    call.listener = find(process, descriptor);
    if (call.listener == nullptr) return CallResult::failed(CallError::bad_descriptor);
  }
  std::shared_ptr<UnixSocket> accepted;
  CallResult result = call.listener->accept(call.waiting, accepted);
  if (result.sleeps) return result;
  drop_reference(context_, std::exchange(call.listener, nullptr), result.wakes);
  if (!result.ok()) return result;
  context_.did(KernelPath::file_open);
  const CallResult installed = process.table.install(accepted);
  if (!installed.ok()) {
    drop_reference(context_, std::move(accepted), result.wakes);
    result.error = installed.error;
  }
  result.value = installed.value;
  return result;
}

CallResult UnixCalls::send(const ProcessFiles& process, unsigned descriptor, WriteCall& call) {
  if (call.file == nullptr) {
    enter();
    call.file = find(process, descriptor);
    if (call.file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  }
  return calls_.resume(call);
}

CallResult UnixCalls::receive(const ProcessFiles& process, unsigned descriptor, ReadCall& call) {
  if (call.file == nullptr) {
    enter();
    call.file = find(process, descriptor);
    if (call.file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  }
  return calls_.resume(call);
}

}  // namespace xensim
