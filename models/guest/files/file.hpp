/// Open files: what a descriptor refers to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/ids.hpp"
#include "models/guest/processes/call_result.hpp"

namespace xensim {

/// Where the progress of a call is kept while it sleeps or pauses.
struct Progress {
  /// What a call that pauses goes on with, if its object has a lock that it holds meanwhile.
  enum class Stage : std::uint8_t {
    outside,    ///< it holds no lock
    working,    ///< its own work
    releasing,  ///< what has waited for the lock; then its own work again
    leaving,    ///< the same, and then it returns
  };
  std::size_t done = 0;  ///< bytes
  Stage stage = Stage::outside;
  bool slept = false;  ///< it is in a wait queue
  /// Set by the kernel before it makes the call again: a signal is to be delivered. Also the way to end a
  /// call whose process is killed: nothing else takes it out of the queue.
  bool interrupted = false;
};

/// A read or a write by `process`. The memory must outlive the call.
struct ReadRequest {
  ProcessId process;
  std::span<std::byte> into;
  Progress progress{};
};
struct WriteRequest {
  ProcessId process;
  std::span<const std::byte> from;
  Progress progress{};
};

/// What a poll method answers.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool exceptional = false;

  bool operator==(const Readiness&) const = default;
};

/// Where poll methods say what would wake the caller up.
class PollTable {
 public:
  PollTable() = default;
  PollTable(const PollTable&) = delete;
  PollTable& operator=(const PollTable&) = delete;
  virtual ~PollTable() = default;
  virtual void wait_on(WaitQueue& queue) = 0;
};

/// A struct file of Linux with its methods. Descriptors and calls in progress share it; who drops the last
/// reference releases it.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  [[nodiscard]] virtual CallResult read(ReadRequest&) { return CallResult::failed(CallError::invalid); }
  [[nodiscard]] virtual CallResult write(WriteRequest&) { return CallResult::failed(CallError::invalid); }
  /// Files without a poll method are always ready.
  [[nodiscard]] virtual bool has_poll() const { return false; }
  [[nodiscard]] virtual Readiness poll(PollTable* /*table: null if the caller will not wait*/) {
    return {.readable = true, .writable = true};
  }
  /// The last reference is gone.
  virtual void release(Wakes&) {}

  bool nonblocking = false;  ///< O_NONBLOCK
};

/// fput: gives up a reference, and releases the file if it was the last.
void drop_reference(const KernelContext& context, std::shared_ptr<File> file, Wakes& wakes);

}  // namespace xensim
