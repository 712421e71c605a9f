/// Where the lives of processes went: at work, waiting for a processor, waiting for something else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/statistic.hpp"
#include "core/time.hpp"
#include "models/cpu/time_account.hpp"

namespace xensim {

/// What a process is doing; at every time exactly one. A wait is named after what ended it.
enum class LifePart : std::uint8_t {
  user,      ///< executes its program, as if with warm caches
  refill,    ///< extra cache and TLB misses after others ran
  kernel,    ///< in its kernel, interrupts included
  monitor,   ///< the monitor works in its time
  stolen,    ///< its kernel takes it for running, while the monitor gives the processor to others
  runnable,  ///< waits for a processor of its kernel
  disk,      ///< sleeps until the disk's interrupt
  network,   ///< sleeps until a packet
  timer,     ///< sleeps until a time
  process,   ///< sleeps until another process wakes it: pipes, children, locks
  count_,
};
inline constexpr std::size_t life_parts = static_cast<std::size_t>(LifePart::count_);

/// By LifePart.
using LifeTimes = std::array<Time, life_parts>;
/// As counters under `prefix`: `life/user` and so on.
void report(const LifeTimes& times, StatisticSink& sink, const std::string& prefix);

/// The times of a kernel's processes, added up by group. Pure: told when something changes. Times of
/// different processors may lie apart by one step; a process's own never go back. O(1) a change.
class TimeLedger {
 public:
  using Group = std::uint32_t;

  /// The process is runnable from now on. Its number may have been another's, which has ended.
  void begin(ProcessId process, Group group, Time now);
  void end(ProcessId process, Time now) { change(process, State::none, now); }
  /// A processor executes it, whose time goes into `account` meanwhile, which must outlive that. Nothing if
  /// it runs already.
  void run(ProcessId process, Time now, const TimeAccount& account);
  /// It has lost the processor, but could go on. Nothing if it sleeps.
  void preempt(ProcessId process, Time now);
  void sleep(ProcessId process, Time now) { change(process, State::asleep, now); }
  /// It could go on; what it slept for is `awaited`. Nothing unless it sleeps.
  void ready(ProcessId process, Time now, LifePart awaited);

  [[nodiscard]] Group group(ProcessId process) const { return lives_[process.value].group; }
  /// Of all processes of a group there ever were, until now; a sleep that has not ended counts as one until
  /// another process ends it. O(processes).
  [[nodiscard]] LifeTimes total(Group group, Time now) const;

 private:
  enum class State : std::uint8_t { none, running, runnable, asleep };
  struct Life {
    Group group = 0;
    State state = State::none;
    Time since{};
    TimeAccount before{};  ///< what the account held then
    const TimeAccount* account = nullptr;
  };
  void change(ProcessId process, State next, Time now, LifePart awaited = LifePart::process);
  /// What `life` has done since it changed.
  static void add(LifeTimes& times, const Life& life, Time now, LifePart awaited);

  std::vector<Life> lives_;
  std::vector<LifeTimes> totals_;
};

}  // namespace xensim
