/// Where the time of processes went: at work, waiting for a processor, waiting for something else.
///
/// Two accounts of the same events. A group's lives are the lifetimes of its processes, added up. Its elapsed
/// time is the clock's: while processes of the group run, it is theirs, in equal parts; else, while one is
/// runnable, all wait for a processor; else all sleep, for what the first to wake has been waiting for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/statistic.hpp"
#include "core/time.hpp"
#include "models/cpu/time_account.hpp"

namespace xensim {

/// What a process is doing; at every time exactly one. A wait is named after what ended it.
enum class LifePart : std::uint8_t {
  user,         ///< executes its program, as if with warm caches
  refill,       ///< extra cache misses after others ran
  translation,  ///< page-table walks after TLB misses
  kernel,       ///< in its kernel
  monitor,      ///< the monitor works for its domain
  interrupts,   ///< its processor is interrupted, for whomever
  stolen,       ///< its kernel takes it for running, while others have the processor
  runnable,     ///< waits for a processor of its kernel
  disk,         ///< sleeps in a system call while the disk executes what it waits for
  disk_queue,   ///< sleeps before that, in the queues of the disk
  paging,       ///< sleeps in a page fault until the disk's interrupt
  network,      ///< sleeps until a packet
  timer,        ///< sleeps until a time
  process,      ///< sleeps until another process wakes it: pipes, children, locks
  count_,
};
inline constexpr std::size_t life_parts = static_cast<std::size_t>(LifePart::count_);

/// What ended a sleep, and how long the disk executed it, if that was a transfer.
struct Awaited {
  LifePart part = LifePart::process;
  Time transfer{};
};

/// By LifePart.
using LifeTimes = std::array<Time, life_parts>;
/// As counters under `prefix`: `life/user` and so on.
void report_lives(const LifeTimes& times, StatisticSink& sink, const std::string& prefix);
/// `elapsed/user` and so on.
void report_elapsed(const LifeTimes& times, StatisticSink& sink, const std::string& prefix);

/// The times of a kernel's processes, by group. Pure: told when something changes. Times of different
/// processors may lie apart by one step; a process's own never go back. O(processors) a change.
class TimeLedger {
 public:
  using Group = std::uint32_t;
  enum class State : std::uint8_t { none, running, runnable, asleep };
  /// Told of each change of a process's state, after it; `awaited` is what ended its sleep, if it slept.
  using Observer =
      std::function<void(ProcessId process, State state, Time at, std::optional<LifePart> awaited)>;

  void observe(Observer observer) { observer_ = std::move(observer); }
  /// The process is runnable from now on. Its number may have been another's, which has ended.
  void begin(ProcessId process, Group group, Time now);
  void end(ProcessId process, Time now) { change(process, State::none, now); }
  /// A processor executes it, whose time goes into `account` meanwhile, which must outlive that. Nothing if
  /// it runs already.
  void run(ProcessId process, Time now, const TimeAccount& account);
  /// It has lost the processor, but could go on. Nothing if it sleeps.
  void preempt(ProcessId process, Time now);
  /// `faulted`: in a page fault. `waits`: its kernel's.
  void sleep(ProcessId process, Time now, bool faulted = false, const ProcessorWaits& waits = {});
  /// It could go on; what it slept for is `awaited`. Nothing unless it sleeps.
  void ready(ProcessId process, Time now, Awaited awaited, const ProcessorWaits& waits = {});

  [[nodiscard]] Group group(ProcessId process) const { return lives_[process.value].group; }
  /// A measurement begins: what goes on is divided here, so that what ends it later has no say in what was
  /// before. All accounts must hold everything until `now`. O(processes).
  void divide(Group group, Time now);
  /// The lives of all processes of a group there ever were, until now; a sleep that has not ended counts as
  /// one until another process ends it. O(processes).
  [[nodiscard]] LifeTimes total(Group group, Time now) const;
  /// Since its first process began.
  [[nodiscard]] LifeTimes elapsed(Group group, Time now) const;
  /// `elapsed` at this time is to be known later, when the sleep that goes on has ended and has a name.
  /// Changes nothing else. O(processes).
  void mark(Group group, Time now);
  /// `elapsed` at all marks of the group so far, in order. A sleep that has not ended is called `process`.
  [[nodiscard]] std::vector<LifeTimes> elapsed_at_marks(Group group) const;

 private:
  struct Life {
    Group group = 0;
    State state = State::none;
    bool faulted = false;
    Time since{};
    Time share{};          ///< of the group's time, since it runs
    TimeAccount before{};  ///< what the account held then
    const TimeAccount* account = nullptr;
  };
  struct Mark {
    Time at{};
    LifeTimes elapsed{};  ///< but for a sleep that goes on
  };
  /// A sleep of all processes of a group.
  struct GroupSleep {
    Time length{};
    Time late{};  ///< at its end: the kernel was woken, and waited for a processor
    Awaited awaited{};
  };
  struct GroupState {
    LifeTimes lives{}, elapsed{};
    std::vector<Mark> marks{};
    bool begun = false;
    Time since{};  ///< everything before is accounted for, or in `share` or `idle`
    std::vector<ProcessId> running{};
    std::uint32_t runnable = 0;
    Time idle{};           ///< in which all have slept, until `since`
    Time waited_before{};  ///< when that began
  };
  void change(ProcessId process, State next, Time now, Awaited awaited = {},
              const ProcessorWaits& waits = {});
  void enter(ProcessId process, State state, Time now);
  void advance(GroupState& group, Time now);
  /// What a sleep of the whole group was for is known: it is divided, also at the marks that lie in it.
  static void end_sleep(GroupState& group, Time late, Awaited awaited);
  static void add_sleep(LifeTimes& times, Time until, const GroupSleep& sleep);
  /// But for a sleep that goes on.
  [[nodiscard]] LifeTimes elapsed_awake(const GroupState& group, Time now) const;
  /// What `life` has done since it changed.
  static void add(LifeTimes& times, const Life& life, Time now, Awaited awaited);
  /// The same of a running one, as its share of the group's time.
  static void add_share(LifeTimes& times, const Life& life, Time share, Time now);
  static void add_wait(LifeTimes& times, Time passed, Awaited awaited);

  std::vector<Life> lives_;
  std::vector<GroupState> groups_;
  Observer observer_{};
};

}  // namespace xensim
