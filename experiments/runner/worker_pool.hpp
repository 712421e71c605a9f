/// Independent tasks in worker processes. Processes, not threads: the simulation engine exists once a
/// process, and a crash must cost one run only.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace xensim {

/// A task failed: its function threw, or its process died.
class TaskFailure : public std::runtime_error {
 public:
  enum class Kind : char { input = 'i', simulation = 's', other = 'o', died = 'd' };
  TaskFailure(Kind why, std::size_t which, const std::string& message)
      : std::runtime_error(message), kind(why), task(which) {}

  const Kind kind;
  const std::size_t task;
};

struct WorkerPool {
  unsigned workers = 1;  ///< at least 1; no more are started than there are tasks
  /// Runs in a worker, where what it changes is lost; its answer travels to `done`.
  std::function<std::string(std::size_t task)> task;
  /// Runs here, once a task, in order of completion.
  std::function<void(std::size_t task, std::string_view answer)> done;
  /// Runs here at least once a second.
  std::function<void()> tick;

  /// Performs `tasks`, each worker taking the next one when it is free. Returns true when all are done,
  /// false when SIGINT or SIGTERM (unless ignored) asked to stop. Throws TaskFailure at the first failure,
  /// and whatever `done` throws. In each case no worker is left.
  [[nodiscard]] bool run(std::span<const std::size_t> tasks) const;
};

/// Processors that this process may use.
[[nodiscard]] unsigned available_processors();

}  // namespace xensim
