#include "models/guest/files/pipe.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

void Pipe::close(End end, Wakes& wakes) {
  --(end == End::read ? readers_ : writers_);
  // With both ends closed the pipe itself goes; else whoever waits must see that the other side has left.
  if (readers_ + writers_ > 0) return queue_.wake(context_, wakes);
  if (page_.valid()) pages_->give_back(std::exchange(page_, {}));
}

bool Pipe::begin(Progress& progress, ProcessId process, std::uint32_t& waiting) {
  use_inode();
  if (!progress.slept) {
    context_.did(KernelPath::pipe_transfer);
    context_.locked(2);  // the pipe's semaphore down and, at the end, up
    return true;
  }
  progress.slept = false;
  queue_.remove(process);
  --waiting;
  return !std::exchange(progress.interrupted, false);
}

CallResult Pipe::sleep(Progress& progress, ProcessId process, End in, CallResult so_far) {
  context_.did(KernelPath::wait_entry);
  context_.locked(6);  // into the queue and out of it, semaphore up and down, task state twice
  queue_.add(process, WaitQueue::Waits::with_others, purpose(in));
  ++(in == End::read ? waiting_readers_ : waiting_writers_);
  progress.slept = true;
  so_far.sleeps = true;
  return so_far;
}

CallResult Pipe::finished(const Progress& progress, CallError if_nothing, CallResult so_far) const {
  so_far.value = static_cast<std::int64_t>(progress.done);
  if (progress.done == 0) so_far.error = if_nothing;
  return so_far;
}

CallResult Pipe::read(ReadRequest& request, bool nonblocking) {
  Progress& progress = request.progress;
  CallResult result;
  if (request.into.empty()) return result;
  if (!begin(progress, request.process, waiting_readers_)) {
    return finished(progress, CallError::restart, std::move(result));
  }
  while (length_ > 0) {
    take(request);
    const bool wants_more = progress.done < request.into.size();
    if (!wants_more || waiting_writers_ == 0 || nonblocking) {
      queue_.wake(context_, result.wakes);
      return finished(progress, CallError::none, std::move(result));
    }
    queue_.wake(context_, result.wakes, true);
  }
  if (writers_ == 0) return finished(progress, CallError::none, std::move(result));
  if (nonblocking) return finished(progress, CallError::try_again, std::move(result));
  return sleep(progress, request.process, End::read, std::move(result));
}

CallResult Pipe::write(WriteRequest& request, bool nonblocking) {
  Progress& progress = request.progress;
  CallResult result;
  if (request.from.empty()) return result;
  if (!begin(progress, request.process, waiting_writers_)) {
    return finished(progress, CallError::restart, std::move(result));
  }
  if (readers_ == 0) return finished(progress, CallError::broken_pipe, std::move(result));
  const bool atomic = progress.done == 0 && request.from.size() <= capacity;
  if (capacity - length_ >= (atomic ? request.from.size() : 1)) put(request);
  if (progress.done == request.from.size() || (nonblocking && progress.done > 0)) {
    queue_.wake(context_, result.wakes);
    return finished(progress, CallError::none, std::move(result));
  }
  if (nonblocking) return finished(progress, CallError::try_again, std::move(result));
  if (progress.done > 0) queue_.wake(context_, result.wakes, true);
  return sleep(progress, request.process, End::write, std::move(result));
}

void Pipe::take(ReadRequest& request) {
  std::size_t& done = request.progress.done;
  while (done < request.into.size() && length_ > 0) {
    const std::size_t bytes = std::min({request.into.size() - done, length_, capacity - start_});
    use_page(Access::read);
    std::copy_n(ring_.begin() + static_cast<std::ptrdiff_t>(start_), bytes,
                request.into.subspan(done).begin());
    context_.copied(bytes);
    start_ = (start_ + bytes) % capacity;
    length_ -= bytes;
    done += bytes;
  }
  if (length_ == 0) start_ = 0;  // the next transfers use the same lines of the cache
}

void Pipe::put(WriteRequest& request) {
  std::size_t& done = request.progress.done;
  while (done < request.from.size() && length_ < capacity) {
    const std::size_t end = (start_ + length_) % capacity;
    const std::size_t bytes = std::min({request.from.size() - done, capacity - length_, capacity - end});
    use_page(Access::write);
    std::copy_n(request.from.subspan(done).begin(), bytes, ring_.begin() + static_cast<std::ptrdiff_t>(end));
    context_.copied(bytes);
    length_ += bytes;
    done += bytes;
  }
}

Readiness Pipe::poll(End end, PollTable* table) {
  if (table != nullptr) table->wait_on(queue_);
  if (end == End::read) return {.readable = length_ > 0 || writers_ == 0};
  return {.writable = length_ == 0 || readers_ == 0};
}

std::string Pipe::audit() const {
  if (length_ > capacity || start_ >= capacity) return "the ring holds more than it can";
  if (waiting_readers_ + waiting_writers_ > queue_.size()) return "who waits is not in the queue";
  return {};
}

PipeEnd::PipeEnd(std::shared_ptr<Pipe> pipe, Pipe::End end) : pipe_(std::move(pipe)), end_(end) {
  pipe_->open(end_);
}

CallResult PipeEnd::read(ReadRequest& request) {
  if (end_ == Pipe::End::write) return CallResult::failed(CallError::bad_descriptor);
  return pipe_->read(request, nonblocking);
}

CallResult PipeEnd::write(WriteRequest& request) {
  if (end_ == Pipe::End::read) return CallResult::failed(CallError::bad_descriptor);
  return pipe_->write(request, nonblocking);
}

}  // namespace xensim
