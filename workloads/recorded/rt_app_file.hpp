/// What rt-app is told in JSON: tasks of phases of events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace xensim {

/// One event: 32 bytes.
struct RtAppEvent {
  enum class Kind : std::uint8_t {
    run,
    runtime,
    sleep,
    timer,
    lock,
    unlock,
    wait,
    signal,
    broad,
    sync,
    barrier,
    suspend,
    resume,
    yield,
    fork,
  };
  static constexpr std::uint32_t none = UINT32_MAX;

  Kind kind{};
  bool absolute = false;        ///< timer: keeps its grid when it is late
  std::uint32_t object = none;  ///< of RtAppFile::objects; fork: of RtAppFile::tasks
  std::uint32_t mutex = none;   ///< wait, sync
  Time time{};                  ///< of run, runtime, sleep; the timer's period
};

struct RtAppPhase {
  std::string name;  ///< empty: the task has no phases, and this is all of it
  std::uint64_t loops = 1;
  std::uint32_t first = 0, count = 0;  ///< events
};

struct RtAppTask {
  std::string name;
  std::uint32_t instances = 1;  ///< 0: only forks start it
  std::int64_t loops = -1;      ///< -1: for ever
  Time delay{};
  std::vector<RtAppPhase> phases;
};

/// What events refer to by name; a name means the same in all tasks, once for each kind.
struct RtAppObject {
  enum class Kind : std::uint8_t { mutex, condition, barrier, timer, suspension };
  std::string name;
  Kind kind{};
  bool unique = false;      ///< a timer of which each process has its own
  std::uint32_t users = 0;  ///< of a barrier: processes that meet there, not counting forked ones
};

/// As of rt-app 1.0; times are exact.
struct RtAppFile {
  std::optional<Time> duration;  ///< none: until all tasks have ended
  std::vector<RtAppTask> tasks;
  std::vector<RtAppEvent> events;  ///< of all phases
  std::vector<RtAppObject> objects;
  std::vector<std::string> ignored;  ///< what changes nothing here, or what was asked to change nothing

  /// Most processes that a file may start, and events and names of objects that it may hold.
  static constexpr std::uint32_t most_processes = 10'000, most_events = 1'000'000, most_objects = 4096;
  /// The longest time, so that sums stay within the range of Time.
  static constexpr std::int64_t longest_us = 1'000'000'000'000;
};

struct RtAppOptions {
  std::vector<std::string> tasks{};  ///< only these; empty: all
  bool ignore_policies = false;      ///< all tasks are SCHED_OTHER with nice 0
};

/// Throws InputError with file, line and JSON path: no JSON (comments and commas before a closing bracket are
/// allowed), unknown or repeated keys (but for phases: the last counts, in the place of the first), values
/// out of range, what a kernel of Linux 2.4 as modelled here cannot do. `name` is what messages call the
/// text.
[[nodiscard]] RtAppFile parse_rt_app(std::string text, const std::string& name,
                                     const RtAppOptions& options = {});
[[nodiscard]] RtAppFile read_rt_app(const std::string& path, const RtAppOptions& options = {});

/// In an event's key, which may go on: `run`, `run1`.
[[nodiscard]] std::string_view name_of(RtAppEvent::Kind kind);

/// Tasks, events and work for people; a line each.
[[nodiscard]] std::string describe(const RtAppFile& file);

}  // namespace xensim
