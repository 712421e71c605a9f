#include "experiments/runner/worker_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/interprocess/anonymous_shared_memory.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace xensim {
namespace {

[[noreturn]] void fail(std::string_view what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int value = -1) : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(); }

  [[nodiscard]] int get() const { return value_; }
  void close() {
    if (value_ >= 0) ::close(std::exchange(value_, -1));
  }

 private:
  int value_;
};

/// SIGINT and SIGTERM as something to poll for, instead of a handler; workers inherit them blocked, so
/// that Ctrl-C, which reaches every process of the terminal, is the parent's to decide on.
class StopSignals {
 public:
  StopSignals() {
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal : {SIGINT, SIGTERM}) {
      struct sigaction current {};
      sigaction(signal, nullptr, &current);
      if (current.sa_handler != SIG_IGN) sigaddset(&watched, signal);
    }
    pthread_sigmask(SIG_BLOCK, &watched, &before_);
    descriptor_ = FileDescriptor(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    if (descriptor_.get() < 0) fail("signalfd");
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  [[nodiscard]] bool arrived() const {
    signalfd_siginfo info{};
    return ::read(descriptor_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info);
  }

 private:
  sigset_t before_{};
  FileDescriptor descriptor_;
};

using Counter = std::atomic<std::size_t>;
static_assert(Counter::is_always_lock_free, "shared between processes");
constexpr std::size_t no_task = SIZE_MAX;

/// What all processes see: the next task to take and, for each worker, the one it is at.
class SharedProgress {
 public:
  explicit SharedProgress(std::size_t workers)
      : region_(boost::interprocess::anonymous_shared_memory((workers + 1) * sizeof(Counter))) {
    counters_ = static_cast<Counter*>(region_.get_address());
    for (std::size_t i = 0; i <= workers; ++i) new (counters_ + i) Counter(i == 0 ? 0 : no_task);
  }
  [[nodiscard]] Counter& next() { return counters_[0]; }
  [[nodiscard]] Counter& current(std::size_t worker) { return counters_[worker + 1]; }

 private:
  boost::interprocess::mapped_region region_;
  Counter* counters_;
};

/// Precedes each answer or failure in the pipe.
struct FrameHeader {
  std::size_t task = 0, size = 0;
  char kind = 0;  ///< `answered`, or a TaskFailure::Kind with its message
};
constexpr char answered = 'a';

bool write_all(int descriptor, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

std::pair<char, std::string> perform(const WorkerPool& pool, std::size_t task) {
  const auto failure = [](TaskFailure::Kind kind, const char* what) {
    return std::pair{static_cast<char>(kind), std::string(what)};
  };
  try {
    return {answered, pool.task(task)};
  } catch (const InputError& error) {
    return failure(TaskFailure::Kind::input, error.what());
  } catch (const SimulationError& error) {
    return failure(TaskFailure::Kind::simulation, error.what());
  } catch (const std::bad_alloc&) {
    return failure(TaskFailure::Kind::other, "out of memory");
  } catch (const std::exception& error) {
    return failure(TaskFailure::Kind::other, error.what());
  } catch (...) {
    return failure(TaskFailure::Kind::other, "unknown exception");
  }
}

/// The life of a worker process; returns its exit code. What escapes ends the process: it must not
/// unwind into the code that forked it.
int work(const WorkerPool& pool, std::span<const std::size_t> tasks, SharedProgress& progress,
         std::size_t self, int pipe) noexcept {
  for (;;) {
    const std::size_t position = progress.next().fetch_add(1);
    if (position >= tasks.size()) return 0;
    progress.current(self) = tasks[position];
    const auto [kind, text] = perform(pool, tasks[position]);
    FrameHeader header{};
    header.task = tasks[position];
    header.size = text.size();
    header.kind = kind;
    std::array<char, sizeof header> bytes{};
    std::memcpy(bytes.data(), &header, sizeof header);
    if (!write_all(pipe, bytes.data(), bytes.size()) || !write_all(pipe, text.data(), text.size())) return 1;
    progress.current(self) = no_task;
    if (kind != answered) return 0;
  }
}

class Worker {
 public:
  Worker(const WorkerPool& pool, std::span<const std::size_t> tasks, SharedProgress& progress,
         std::size_t self, std::span<const std::unique_ptr<Worker>> earlier) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
    FileDescriptor reading(ends[0]), writing(ends[1]);
    const pid_t parent = ::getpid();
    std::fflush(nullptr);  // or the worker would print again what is buffered here
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      for (const std::unique_ptr<Worker>& other : earlier) other->pipe_.close();
      reading.close();
      const int code = work(pool, tasks, progress, self, writing.get());
      std::fflush(nullptr);
      ::_exit(code);  // neither destructors nor exit handlers: they are the parent's
    }
    pipe_ = std::move(reading);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)reap();
  }

  [[nodiscard]] int descriptor() const { return pipe_.get(); }

  /// Takes in what is in the pipe and hands over complete frames; false at its end.
  template <class Handle>
  bool receive(const Handle& handle) {
    std::array<char, 1 << 16> chunk{};
    const ssize_t size = ::read(pipe_.get(), chunk.data(), chunk.size());
    if (size < 0) return errno == EINTR;
    if (size == 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(size));
    std::size_t start = 0;
    FrameHeader header;
    while (buffer_.size() - start >= sizeof header) {
      std::memcpy(&header, buffer_.data() + start, sizeof header);
      if (buffer_.size() - start - sizeof header < header.size) break;
      handle(header, std::string_view(buffer_).substr(start + sizeof header, header.size));
      start += sizeof header + header.size;
    }
    buffer_.erase(0, start);
    return true;
  }

  /// Takes in what is there without waiting.
  template <class Handle>
  void drain(const Handle& handle) {
    pollfd polled{pipe_.get(), POLLIN, 0};
    while (::poll(&polled, 1, 0) > 0 && receive(handle)) {
    }
  }

  /// Waits for the end of the process; its wait status.
  int reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    pipe_.close();
    return status;
  }

 private:
  pid_t pid_ = -1;
  FileDescriptor pipe_;
  std::string buffer_;
};

std::string obituary(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("its process was ended by signal {} ({})", WTERMSIG(status),
                       ::strsignal(WTERMSIG(status)));
  }
  return fmt::format("its process ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

bool WorkerPool::run(std::span<const std::size_t> tasks) const {
  const std::size_t count = std::min<std::size_t>(std::max(workers, 1U), tasks.size());
  const StopSignals stop;
  SharedProgress progress(count);
  std::vector<std::unique_ptr<Worker>> running;
  while (running.size() < count) {
    running.push_back(std::make_unique<Worker>(*this, tasks, progress, running.size(), running));
  }

  const auto handle = [&](const FrameHeader& header, std::string_view text) {
    if (header.kind == answered) return done(header.task, text);
    throw TaskFailure(static_cast<TaskFailure::Kind>(header.kind), header.task, std::string(text));
  };
  std::size_t alive = count;
  std::vector<pollfd> polled(count + 1);
  while (alive > 0) {
    // A closed descriptor is negative, which poll skips.
    for (std::size_t i = 0; i < count; ++i) polled[i] = {running[i]->descriptor(), POLLIN, 0};
    polled[count] = {stop.descriptor(), POLLIN, 0};
    if (::poll(polled.data(), polled.size(), 500) < 0 && errno != EINTR) fail("poll");
    if (stop.arrived()) {
      const auto keep = [&](const FrameHeader& header, std::string_view text) {
        if (header.kind == answered) done(header.task, text);
      };
      for (const std::unique_ptr<Worker>& worker : running) worker->drain(keep);
      return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (polled[i].revents == 0 || running[i]->receive(handle)) continue;
      const int status = running[i]->reap();
      --alive;
      const std::size_t last = progress.current(i);
      if (status != 0 || last != no_task) throw TaskFailure(TaskFailure::Kind::died, last, obituary(status));
    }
    tick();
  }
  return true;
}

unsigned available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
}

}  // namespace xensim
