#include "models/guest/network/tcp_socket.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

TcpSocket::TcpSocket(NetworkStack& stack) : stack_(stack), name_(stack.name_socket()) {}

TcpSocket::TcpSocket(NetworkStack& stack, TcpConnection& connection) : TcpSocket(stack) {
  connection_ = &connection;
  stack.bind(connection, this);
}

void TcpSocket::uses() const {
  constexpr std::uint32_t lines = 8;  // lock, queues, sequence numbers of 1000 bytes
  stack_.kernel().locked(2);          // lock_sock and release_sock
  stack_.kernel().uses(KernelObject::socket, name_, lines);
}

bool TcpSocket::begin(Progress& progress, ProcessId process) {
  if (!progress.slept) return true;
  progress.slept = false;
  queue_.remove(process);
  return !std::exchange(progress.interrupted, false);
}

CallResult TcpSocket::sleep(Progress& progress, ProcessId process, WaitQueue::Waits how) {
  stack_.kernel().did(KernelPath::wait_entry);
  stack_.kernel().locked(4);
  queue_.add(process, how);
  progress.slept = true;
  return {.sleeps = true};
}

CallError TcpSocket::error() {
  if (connection_ == nullptr) return CallError::not_connected;
  if (!connection_->failed() || std::exchange(reported_, true)) return CallError::none;
  return connecting_ ? CallError::connection_refused : CallError::connection_reset;
}

CallResult TcpSocket::bind(SocketAddress address) {
  if (connection_ != nullptr || listening_) return CallResult::failed(CallError::invalid);
  stack_.kernel().did(KernelPath::socket_bind);
  local_ = address;
  return {};
}

CallResult TcpSocket::listen(std::uint32_t backlog) {
  if (connection_ != nullptr || local_.port == 0) return CallResult::failed(CallError::invalid);
  stack_.kernel().did(KernelPath::socket_bind);
  const std::uint32_t limit = stack_.settings().option_limit;
  const TcpLayer::Listening how{.backlog = backlog,
                                .send_buffer = 2 * std::min(send_buffer_, limit),
                                .receive_buffer = 2 * std::min(receive_buffer_, limit),
                                .send_buffer_fixed = send_buffer_ > 0};
  if (!stack_.tcp().listen(local_.port, how)) return CallResult::failed(CallError::address_in_use);
  stack_.set_listener(local_.port, this);
  listening_ = true;
  return {};
}

CallResult TcpSocket::accept(ProcessId process, Progress& progress, std::shared_ptr<File>& accepted) {
  if (!listening_) return CallResult::failed(CallError::invalid);
  const bool goes_on = begin(progress, process);
  const std::optional<TcpLayer::Id> id = stack_.tcp().accept(local_.port);
  if (!id) {
    if (!goes_on) return CallResult::failed(CallError::restart);
    if (nonblocking) return CallResult::failed(CallError::try_again);
    return sleep(progress, process, WaitQueue::Waits::exclusively);
  }
  uses();
  stack_.kernel().did(KernelPath::socket_create);
  const auto socket = std::make_shared<TcpSocket>(stack_, stack_.tcp().at(*id));
  if (no_delay_) socket->connection_->set_no_delay(stack_.now(), true);
  accepted = socket;
  return {};
}

CallResult TcpSocket::connect(ProcessId process, Progress& progress, SocketAddress to) {
  if (listening_) return CallResult::failed(CallError::not_supported);
  if (!progress.slept && connection_ != nullptr) return CallResult::failed(CallError::connected_already);
  if (!begin(progress, process)) return CallResult::failed(CallError::restart);
  if (connection_ == nullptr) {
    stack_.kernel().did(KernelPath::tcp_handshake);
    uses();
    connection_ = stack_.tcp().open({.local = stack_.source_for(to.ip),
                                     .remote = to.ip,
                                     .local_port = local_.port,
                                     .remote_port = to.port});
    if (connection_ == nullptr) return CallResult::failed(CallError::address_in_use);
    connecting_ = true;
    stack_.bind(*connection_, this);
    if (send_buffer_ > 0) connection_->set_send_buffer(send_buffer_);
    if (receive_buffer_ > 0) connection_->set_receive_buffer(receive_buffer_);
    if (no_delay_) connection_->set_no_delay(stack_.now(), true);
    connection_->connect(stack_.now(), stack_.tcp().initial_sequence(stack_.now()));
    stack_.settle(*connection_);
    stack_.finish();
  }
  if (connection_->state() == TcpConnection::State::syn_sent) {
    if (nonblocking) return CallResult::failed(CallError::in_progress);
    return sleep(progress, process);
  }
  if (const CallError fault = error(); fault != CallError::none) return CallResult::failed(fault);
  connecting_ = false;
  return {};
}

// --- Transfers ---

void TcpSocket::lock(Progress& progress) {
  uses();
  locked_ = true;
  progress.stage = Progress::Stage::working;
}

bool TcpSocket::releases_one() {
  if (waiting_.empty() || connection_ == nullptr) return false;
  const NetworkStack::Segment segment = waiting_.pop();
  stack_.work_on(segment);
  stack_.finish();
  return true;
}

CallResult TcpSocket::leave(Progress& progress, const CallResult& result) {
  if (!waiting_.empty()) {
    progress.stage = Progress::Stage::leaving;
    return {.pauses = true};
  }
  progress.stage = Progress::Stage::outside;
  locked_ = false;
  return result;
}

CallResult TcpSocket::write(WriteRequest& request) {
  using enum Progress::Stage;
  Progress& progress = request.progress;
  const auto finished = [&](CallError if_nothing) {
    CallResult result{.value = static_cast<std::int64_t>(progress.done)};
    if (progress.done == 0) {
      result.error = if_nothing;
      work_on_waiting();
    }
    return leave(progress, result);
  };
  if (!progress.slept && progress.stage == outside) stack_.kernel().did(KernelPath::socket_call);
  if (!begin(progress, request.process)) return finished(CallError::restart);
  if (connection_ == nullptr) return CallResult::failed(CallError::not_connected);
  if (request.from.empty()) return {};
  if (progress.stage == outside) {
    lock(progress);
    stack_.kernel().did(KernelPath::tcp_send);
  }
  if (progress.stage != working) {
    if (releases_one()) return {.pauses = true};
    if (progress.stage == leaving) return finished(CallError::none);
    progress.stage = working;
  }
  // What looped back may have made room already.
  do {
    if (const CallError fault = error(); fault != CallError::none) return finished(fault);
    if (connection_->state() == TcpConnection::State::syn_sent) break;
    if (!connection_->can_send()) return finished(CallError::broken_pipe);
    stack_.copies_for(connection_->pair().remote);
    const std::uint64_t left = request.from.size() - progress.done;
    const std::uint64_t next = std::min<std::uint64_t>(left, connection_->room_in_segment());
    const std::uint64_t sent = connection_->send(stack_.now(), next, left - next);
    progress.done += sent;
    stack_.settle(*connection_);
    stack_.finish();
    if (progress.done == request.from.size()) return finished(CallError::none);
    if (sent == next) return {.pauses = true};
  } while (connection_->writable());
  if (!waiting_.empty()) {
    progress.stage = releasing;
    return {.pauses = true};
  }
  if (nonblocking) return finished(CallError::try_again);
  progress.stage = outside;
  locked_ = false;
  connection_->wait_for_room();
  return sleep(progress, request.process);
}

CallResult TcpSocket::receive_from(ReadRequest& request, SocketAddress& from) {
  if (connection_ != nullptr) from = {connection_->pair().remote, connection_->pair().remote_port};
  return read(request);
}

CallResult TcpSocket::read(ReadRequest& request) {
  using enum Progress::Stage;
  Progress& progress = request.progress;
  if (!progress.slept && progress.stage == outside) stack_.kernel().did(KernelPath::socket_call);
  reader_sleeps_ = false;
  const bool goes_on = begin(progress, request.process);
  if (connection_ == nullptr) return CallResult::failed(CallError::not_connected);
  if (progress.stage == outside) {
    lock(progress);
    stack_.kernel().did(KernelPath::tcp_receive_call);
    work_on_waiting();
  }
  const CallResult all{.value = static_cast<std::int64_t>(progress.done)};
  if (progress.stage != working) {
    if (releases_one()) return {.pauses = true};
    if (progress.stage == leaving) return leave(progress, all);
    progress.stage = working;
  }
  stack_.copies_for(connection_->pair().remote);
  const std::uint32_t count =
      connection_->read_segment(static_cast<std::uint32_t>(request.into.size() - progress.done));
  progress.done += count;
  // More may come with an interrupt before it looks again.
  if (count > 0 && progress.done < request.into.size()) return {.pauses = true};
  if (progress.done > 0) {
    connection_->after_reading(stack_.now(), static_cast<std::uint32_t>(progress.done));
    stack_.settle(*connection_);
    stack_.finish();
  }
  const bool full = progress.done == request.into.size();
  if (!full && !waiting_.empty()) {
    progress.stage = releasing;
    return {.pauses = true};
  }
  if (progress.done > 0) return leave(progress, {.value = static_cast<std::int64_t>(progress.done)});
  progress.stage = outside;
  locked_ = false;
  if (!goes_on) return CallResult::failed(CallError::restart);
  if (const CallError fault = error(); fault != CallError::none) return CallResult::failed(fault);
  if (connection_->at_end() || connection_->state() == TcpConnection::State::closed) return {};
  if (nonblocking) return CallResult::failed(CallError::try_again);
  reader_sleeps_ = connection_->state() == TcpConnection::State::established;
  return sleep(progress, request.process);
}

bool TcpSocket::keeps(const NetworkStack::Segment& segment) {
  if (connection_ == nullptr) return false;
  if (locked_) {
    waiting_.push(segment);
    return true;
  }
  if (!reader_sleeps_) return false;
  waiting_.push(segment);
  waiting_size_ += segment.size;
  if (waiting_size_ > connection_->receive_buffer()) {
    work_on_waiting();
  } else if (waiting_.size() == 1) {
    waiting_since_ = stack_.now();
    stack_.wake(queue_);
    connection_->protect_acknowledgement(stack_.now());
    stack_.settle(*connection_);
  }
  return true;
}

void TcpSocket::give_up_reader() {
  constexpr Jiffies patience = TcpTimes::min_timeout * 3 / 4;
  if (!locked_ && !waiting_.empty() && stack_.now() - waiting_since_ >= patience) work_on_waiting();
}

void TcpSocket::work_on_waiting() {
  waiting_size_ = 0;
  // Others may come meanwhile, over loopback.
  while (!waiting_.empty() && connection_ != nullptr) stack_.work_on(waiting_.pop());
}

// --- The rest ---

CallResult TcpSocket::shutdown() {
  if (connection_ == nullptr) return CallResult::failed(CallError::not_connected);
  uses();
  work_on_waiting();
  connection_->shutdown(stack_.now());
  stack_.settle(*connection_);
  stack_.finish();
  return {};
}

CallResult TcpSocket::set_option(SocketOption option, std::uint32_t value) {
  stack_.kernel().did(KernelPath::socket_option);
  switch (option) {
    case SocketOption::send_buffer:
      send_buffer_ = value;
      if (connection_ != nullptr) connection_->set_send_buffer(value);
      break;
    case SocketOption::receive_buffer:
      receive_buffer_ = value;
      if (connection_ != nullptr) connection_->set_receive_buffer(value);
      break;
    case SocketOption::no_delay:
      no_delay_ = value != 0;
      if (connection_ != nullptr) connection_->set_no_delay(stack_.now(), no_delay_);
      stack_.finish();
      break;
  }
  return {};
}

SocketAddress TcpSocket::local_address() const {
  if (connection_ == nullptr) return local_;
  return {connection_->pair().local, connection_->pair().local_port};
}

Readiness TcpSocket::poll(PollTable* table) {
  if (table != nullptr) table->wait_on(queue_);
  if (listening_) return {.readable = stack_.tcp().can_accept(local_.port)};
  if (connection_ == nullptr) return {.writable = true};
  const bool over = connection_->failed() || connection_->at_end();
  const bool connecting = connection_->state() == TcpConnection::State::syn_sent;
  const bool writable = !connecting && (over || connection_->writable());
  if (!writable) connection_->wait_for_room();
  return {.readable = connection_->readable() > 0 || !waiting_.empty() || over, .writable = writable};
}

void TcpSocket::release(Wakes& /*wakes*/) {
  stack_.forget_socket(name_);
  if (listening_) {
    stack_.set_listener(local_.port, nullptr);
    stack_.tcp().stop_listening(stack_.now(), local_.port);
    listening_ = false;
  }
  if (connection_ == nullptr) return;
  uses();
  stack_.kernel().did(KernelPath::tcp_handshake);
  reader_sleeps_ = locked_ = false;
  work_on_waiting();
  TcpConnection& connection = *std::exchange(connection_, nullptr);
  stack_.bind(connection, nullptr);
  connection.close(stack_.now());
  stack_.settle(connection);
  stack_.finish();
}

}  // namespace xensim
