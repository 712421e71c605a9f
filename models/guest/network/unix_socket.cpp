#include "models/guest/network/unix_socket.hpp"

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

constexpr std::uint32_t socket_lines = 10;  ///< of the sock and its inode that a transfer uses

CallResult finished(const Progress& progress, CallError if_nothing, CallResult so_far) {
  so_far.value = static_cast<std::int64_t>(progress.done);
  if (progress.done == 0) so_far.error = if_nothing;
  return so_far;
}

}  // namespace

void UnixSocket::join(const std::shared_ptr<UnixSocket>& one, const std::shared_ptr<UnixSocket>& other) {
  one->peer_ = other;
  other->peer_ = one;
  one->connected_ = other->connected_ = true;
}

void UnixSocket::uses() const { context_.uses(KernelObject::unix_socket, number_, socket_lines); }

bool UnixSocket::resumed(Progress& progress, ProcessId process, WaitQueue& queue) {
  if (!std::exchange(progress.slept, false)) {
    uses();
    return true;
  }
  queue.remove(process);
  return !std::exchange(progress.interrupted, false);
}

CallResult UnixSocket::sleep(Progress& progress, ProcessId process, WaitQueue& queue, WaitQueue::Waits how,
                             CallResult so_far) {
  context_.did(KernelPath::wait_entry);
  context_.locked(5);  // into the queue and out of it, the receive queue's lock, task state twice
  queue.add(process, how);
  progress.slept = true;
  so_far.sleeps = true;
  return so_far;
}

CallResult UnixSocket::read(ReadRequest& request) {
  Progress& progress = request.progress;
  CallResult result;
  if (!connected_) return CallResult::failed(CallError::invalid);
  if (!resumed(progress, request.process, queue_)) {
    return finished(progress, CallError::restart, std::move(result));
  }
  const std::shared_ptr<UnixSocket> sender = peer_.lock();
  while (!received_.empty() && progress.done < request.into.size()) take(request, sender.get(), result.wakes);
  if (progress.done > 0 || request.into.empty() || sender == nullptr) {
    return finished(progress, CallError::none, std::move(result));
  }
  if (nonblocking) return finished(progress, CallError::try_again, std::move(result));
  return sleep(progress, request.process, queue_, WaitQueue::Waits::with_others, std::move(result));
}

void UnixSocket::take(ReadRequest& request, UnixSocket* sender, Wakes& wakes) {
  Message& message = received_.front();
  const std::size_t bytes = std::min(message.bytes, request.into.size() - request.progress.done);
  context_.did(KernelPath::unix_receive);
  context_.locked(4);  // the queue's lock twice, the message's count, the sender's
  context_.copied(bytes);
  request.progress.done += bytes;
  unread_ -= bytes;
  message.bytes -= bytes;
  if (message.bytes > 0) return;
  const std::size_t charge = message.charge;
  received_.pop_front();
  if (sender == nullptr) return;
  sender->in_flight_ -= charge;
  sender->uses();
  if (sender->writable()) sender->queue_.wake(context_, wakes);
}

CallResult UnixSocket::write(WriteRequest& request) {
  Progress& progress = request.progress;
  CallResult result;
  if (!connected_) return CallResult::failed(CallError::not_connected);
  if (!resumed(progress, request.process, queue_)) {
    return finished(progress, CallError::restart, std::move(result));
  }
  const std::shared_ptr<UnixSocket> receiver = peer_.lock();
  if (receiver == nullptr) return finished(progress, CallError::broken_pipe, std::move(result));
  while (progress.done < request.from.size()) {
    if (in_flight_ >= send_buffer) {
      if (nonblocking) return finished(progress, CallError::try_again, std::move(result));
      return sleep(progress, request.process, queue_, WaitQueue::Waits::with_others, std::move(result));
    }
    const std::size_t bytes = std::min(request.from.size() - progress.done, largest_message);
    context_.did(KernelPath::unix_send);
    context_.locked(5);  // both sockets' state, the sender's count, the queue's lock, credentials
    context_.copied(bytes);
    receiver->received_.push_back({bytes, bytes + message_overhead});
    receiver->unread_ += bytes;
    in_flight_ += bytes + message_overhead;
    progress.done += bytes;
    receiver->uses();
    receiver->queue_.wake(context_, result.wakes);
  }
  return finished(progress, CallError::none, std::move(result));
}

Readiness UnixSocket::poll(PollTable* table) {
  if (table != nullptr) table->wait_on(queue_);
  const bool hung_up = connected_ && peer_.expired();
  return {.readable = !received_.empty() || !pending_.empty() || hung_up,
          .writable = connected_ && (writable() || hung_up)};
}

void UnixSocket::drop_queue(Wakes& wakes) {
  const std::shared_ptr<UnixSocket> sender = peer_.lock();
  if (sender != nullptr) {
    for (const Message& message : received_) sender->in_flight_ -= message.charge;
    sender->peer_.reset();
    sender->queue_.wake(context_, wakes);
  }
  received_.clear();
  unread_ = 0;
}

void UnixSocket::release(Wakes& wakes) {
  context_.did(KernelPath::unix_create);
  context_.locked(4);
  drop_queue(wakes);
  for (const std::shared_ptr<UnixSocket>& never_accepted : pending_) never_accepted->drop_queue(wakes);
  pending_.clear();
  listening_ = false;
  connecting_.wake(context_, wakes);
}

CallResult UnixSocket::listen(std::size_t backlog) {
  if (connected_) return CallResult::failed(CallError::invalid);
  listening_ = true;
  backlog_ = backlog;
  return {};
}

CallResult UnixSocket::connect(UnixSocket& listener, const std::shared_ptr<UnixSocket>& self,
                               const std::shared_ptr<UnixSocket>& peer, Waiting& call) {
  const bool goes_on = resumed(call.progress, call.process, listener.connecting_);
  if (connected_) return CallResult::failed(CallError::connected_already);
  if (!listener.listening_) return CallResult::failed(CallError::connection_refused);
  if (listener.pending_.size() > listener.backlog_) {
    if (!goes_on) return CallResult::failed(CallError::restart);
    if (nonblocking) return CallResult::failed(CallError::try_again);
    return sleep(call.progress, call.process, listener.connecting_, WaitQueue::Waits::exclusively, {});
  }
  context_.did(KernelPath::unix_connect);
  context_.locked(8);
  join(self, peer);
  CallResult result;
  listener.pending_.push_back(peer);
  listener.uses();
  listener.queue_.wake(context_, result.wakes);
  return result;
}

CallResult UnixSocket::accept(Waiting& call, std::shared_ptr<UnixSocket>& accepted) {
  if (!listening_) return CallResult::failed(CallError::invalid);
  const bool goes_on = resumed(call.progress, call.process, queue_);
  if (pending_.empty()) {
    if (!goes_on) return CallResult::failed(CallError::restart);
    if (nonblocking) return CallResult::failed(CallError::try_again);
    return sleep(call.progress, call.process, queue_, WaitQueue::Waits::exclusively, {});
  }
  context_.did(KernelPath::unix_accept);
  context_.locked(5);
  accepted = std::move(pending_.front());
  pending_.pop_front();
  CallResult result;
  connecting_.wake(context_, result.wakes);
  return result;
}

std::string UnixSocket::audit() const {
  std::size_t bytes = 0, charge = 0;
  for (const Message& message : received_) {
    if (message.bytes == 0) return "a message of a socket is empty";
    bytes += message.bytes;
    charge += message.charge;
  }
  if (bytes != unread_) return "a socket's messages hold other than its unread bytes";
  if (const auto sender = peer_.lock(); sender != nullptr && sender->in_flight_ != charge) {
    return "a socket's send buffer is not charged with what its peer has to read";
  }
  return {};
}

}  // namespace xensim
