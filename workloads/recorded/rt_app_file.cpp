#include "workloads/recorded/rt_app_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/json_source.hpp"
#include "core/json_type.hpp"
#include "core/relaxed_json.hpp"

namespace xensim {
namespace {

using Kind = RtAppEvent::Kind;
using ObjectKind = RtAppObject::Kind;

/// In the order of RtAppEvent::Kind.
constexpr std::array<std::string_view, 15> event_names{"run",     "runtime", "sleep",  "timer", "lock",
                                                       "unlock",  "wait",    "signal", "broad", "sync",
                                                       "barrier", "suspend", "resume", "yield", "fork"};
/// rt-app has them, and the kernel below has not.
constexpr std::array<std::string_view, 4> refused_events{"mem", "iorun", "sem_post", "sem_wait"};

constexpr std::string_view policy_help =
    "SCHED_OTHER with priority 0, which is all that the guest kernel has; or policies = ignore";

constexpr const char* other_policies =
    "policies and priorities, as policies = ignore says: all tasks are SCHED_OTHER";

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

/// The longest name that `key` begins with.
template <std::size_t n>
std::string_view prefix_of(std::string_view key, const std::array<std::string_view, n>& names) {
  std::string_view longest;
  for (const std::string_view name : names) {
    if (key.starts_with(name) && name.size() > longest.size()) longest = name;
  }
  return longest;
}

void add_once(std::vector<std::string>& all, const std::string& text) {
  if (std::ranges::find(all, text) == all.end()) all.push_back(text);
}

/// Of the path of a phase; otherwise empty.
std::pair<std::string, std::string> task_and_phase(std::string_view path) {
  constexpr std::string_view tasks = "$.tasks.", phases = ".phases.";
  const std::size_t at = path.find(phases);
  if (!path.starts_with(tasks) || at == std::string_view::npos) return {};
  const std::string_view phase = path.substr(at + phases.size());
  if (phase.find_first_of(".[") != std::string_view::npos) return {};
  return {std::string(path.substr(tasks.size(), at - tasks.size())), std::string(phase)};
}

class Reader {
 public:
  Reader(const RtAppOptions& options, RtAppFile& file) : options_(options), file_(file) {}

  void read(const Config& root) {
    static const std::vector<std::string> known{"global", "tasks", "resources"};
    root.allow_only(known);
    if (root.has("resources")) ignore("resources: objects are known by their use");
    if (root.has("global")) read_global(root.at("global"));
    const Config tasks = root.at("tasks");
    const std::vector<std::string> names = tasks.keys();
    for (const std::string& chosen : options_.tasks) {
      if (std::ranges::find(names, chosen) != names.end()) continue;
      tasks.fail(fmt::format("no task \"{}\"", shortened(chosen)), one_of(names), nearest(chosen, names));
    }
    for (const std::string& name : names) {
      if (is_chosen(name)) file_.tasks.emplace_back().name = name;
    }
    if (file_.tasks.empty()) tasks.fail("no task", "one at least");
    for (const RtAppTask& task : file_.tasks) check_name(tasks.at(task.name), task.name);
    for (RtAppTask& task : file_.tasks) read_task(tasks.at(task.name), task);
    count_users(tasks);
    find_suspended();
  }

 private:
  [[nodiscard]] bool is_chosen(const std::string& task) const {
    return options_.tasks.empty() || std::ranges::find(options_.tasks, task) != options_.tasks.end();
  }
  /// It is part of the names of metrics.
  static void check_name(const Config& config, const std::string& name) {
    const bool is_plain = std::ranges::all_of(
        name, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != ',' && c != '/' && c != '\\'; });
    if (is_plain && !name.empty() && name.size() <= 100) return;
    config.fail(fmt::format("a task named \"{}\"", shortened(name)),
                "1 to 100 printable characters of ASCII, without quotes, commas and slashes");
  }
  void ignore(const std::string& what) { add_once(file_.ignored, what); }

  void read_global(const Config& global) {
    static const std::vector<std::string> known{
        "duration",  "default_policy",  "calibration",      "pi_enabled", "lock_pages",
        "logdir",    "log_basename",    "log_size",         "ftrace",     "gnuplot",
        "io_device", "mem_buffer_size", "cumulative_slack", "frag"};
    global.allow_only(known);
    if (global.has("duration")) {
      const Config duration = global.at("duration");
      const auto seconds = JsonType<std::int64_t>::read(duration, -1, RtAppFile::longest_us / 1'000'000);
      if (seconds >= 0) file_.duration = seconds * Time{1s};
    }
    if (global.has("default_policy")) read_policy(global.at("default_policy"));
    if (global.has("pi_enabled") && JsonType<bool>::read(global.at("pi_enabled"))) {
      ignore("pi_enabled: mutexes of Linux 2.4 lend no priority");
    }
    if (global.has("cumulative_slack") && JsonType<bool>::read(global.at("cumulative_slack"))) {
      ignore("cumulative_slack: slack is of each timer");
    }
    // The rest is about clocks of real processors and about where rt-app leaves its log.
  }

  void read_policy(const Config& policy) {
    static const std::vector<std::string> known{"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE",
                                                "SCHED_RR",    "SCHED_FIFO",  "SCHED_DEADLINE"};
    if (policy.choice("policy", known) == "SCHED_OTHER") return;
    if (!options_.ignore_policies) policy.fail(describe(policy.json()), policy_help);
    ignore(other_policies);
  }

  /// Of a task or a phase.
  bool read_setting(const Config& config, const std::string& key) {
    const Config value = config.at(key);
    if (key == "policy") {
      read_policy(value);
    } else if (key == "priority") {
      if (JsonType<std::int64_t>::read(value, -20, 99) == 0) return true;
      if (!options_.ignore_policies) value.fail(describe(value.json()), policy_help);
      ignore(other_policies);
    } else if (key == "dl-runtime" || key == "dl-period" || key == "dl-deadline") {
      if (!options_.ignore_policies) value.fail(fmt::format("\"{}\"", key), policy_help);
    } else if (key == "cpus") {
      value.require_array();
      ignore("cpus: processes run where the guest kernel puts them");
    } else if (key == "nodes_membind" || key == "taskgroup" || key == "util_min" || key == "util_max") {
      ignore(fmt::format("{}: Linux 2.4 has none", key));
    } else {
      return false;
    }
    return true;
  }

  void read_task(const Config& config, RtAppTask& task) {
    config.require_object();
    task_ = task.name;
    const auto number = [&](std::string_view key, std::int64_t lowest, std::int64_t most,
                            std::int64_t other) {
      return config.has(key) ? JsonType<std::int64_t>::read(config.at(key), lowest, most) : other;
    };
    task.instances = static_cast<std::uint32_t>(number("instance", 0, RtAppFile::most_processes, 1));
    processes_ += task.instances;
    if (processes_ > RtAppFile::most_processes) {
      config.fail(fmt::format("a file of {} processes", processes_),
                  fmt::format("at most {}", RtAppFile::most_processes));
    }
    task.loops = number("loop", -1, INT64_MAX, -1);
    task.delay = number("delay", 0, RtAppFile::longest_us, 0) * Time{1us};
    const bool has_phases = config.has("phases");
    if (!has_phases && task.loops >= 0)
      ignore("that rt-app 1.0 repeats a task without phases for the whole duration, whatever its loop");
    const std::vector<std::string_view> own{"instance", "loop", "delay", "phases"};
    read_events(config, has_phases, own, has_phases ? nullptr : &task.phases.emplace_back());
    if (!has_phases) return;
    const Config phases = config.at("phases");
    for (const std::string& name : phases.keys()) {
      const Config phase = phases.at(name);
      phase.require_object();
      const std::vector<std::string_view> of_phase{"loop"};
      RtAppPhase& read = task.phases.emplace_back();
      read.name = name;
      if (phase.has("loop")) {
        read.loops = static_cast<std::uint64_t>(JsonType<std::int64_t>::read(phase.at("loop"), 1));
      }
      read_events(phase, false, of_phase, &read);
    }
    if (task.phases.empty()) phases.fail("no phase", "one at least");
  }

  /// `phase`: null if there may be none here, since the task has phases.
  void read_events(const Config& config, bool has_phases, std::span<const std::string_view> own,
                   RtAppPhase* phase) {
    if (phase != nullptr) phase->first = static_cast<std::uint32_t>(file_.events.size());
    for (const std::string& key : config.keys()) {
      if (is_one_of(key, own) || read_setting(config, key)) continue;
      const std::string_view name = prefix_of(key, event_names);
      if (const std::string_view refused = prefix_of(key, refused_events); refused.size() > name.size()) {
        config.at(key).fail(fmt::format("event \"{}\"", key),
                            fmt::format("other events: of {} there is none here", refused));
      }
      if (name.empty()) fail_unknown(config, key, own);
      if (has_phases) config.at(key).fail("an event beside phases", "events in phases, or no phases");
      const auto kind = static_cast<Kind>(std::ranges::find(event_names, name) - event_names.begin());
      if (file_.events.size() == RtAppFile::most_events) {
        config.fail("too many events", fmt::format("at most {}", RtAppFile::most_events));
      }
      read_event(config.at(key), kind);
      ++phase->count;
    }
  }

  [[noreturn]] static void fail_unknown(const Config& config, const std::string& key,
                                        std::span<const std::string_view> own) {
    std::vector<std::string> known(own.begin(), own.end());
    known.insert(known.end(), event_names.begin(), event_names.end());
    for (const char* setting : {"cpus", "policy", "priority"}) known.emplace_back(setting);
    config.at(key).fail(fmt::format("unknown key \"{}\"", shortened(key)), one_of(known),
                        nearest(key, known));
  }

  [[nodiscard]] static Time microseconds(const Config& config) {
    return JsonType<std::int64_t>::read(config, 0, RtAppFile::longest_us) * Time{1us};
  }

  void read_event(const Config& config, Kind kind) {
    RtAppEvent event{.kind = kind};
    switch (kind) {
      case Kind::run:
      case Kind::runtime:
      case Kind::sleep:
        event.time = microseconds(config);
        break;
      case Kind::timer:
        read_timer(config, event);
        break;
      case Kind::lock:
      case Kind::unlock:
        event.object = object(config, ObjectKind::mutex);
        break;
      case Kind::signal:
      case Kind::broad:
        event.object = object(config, ObjectKind::condition);
        break;
      case Kind::wait:
      case Kind::sync: {
        static const std::vector<std::string> known{"ref", "mutex"};
        config.allow_only(known);
        event.object = object(config.at("ref"), ObjectKind::condition);
        event.mutex = object(config.at("mutex"), ObjectKind::mutex);
        break;
      }
      case Kind::barrier:
        event.object = object(config, ObjectKind::barrier);
        break;
      case Kind::suspend:
        event.object =
            object(config.string().empty() ? task_ : config.string(), ObjectKind::suspension, config);
        break;
      case Kind::resume:
        event.object = object(config, ObjectKind::suspension);
        break;
      case Kind::fork:
        event.object = task_number(config, kind);
        break;
      case Kind::yield:
        break;
    }
    file_.events.push_back(event);
  }

  void read_timer(const Config& config, RtAppEvent& event) {
    static const std::vector<std::string> known{"ref", "period", "mode"}, modes{"relative", "absolute"};
    config.allow_only(known);
    event.time = microseconds(config.at("period"));
    event.object = object(config.at("ref"), ObjectKind::timer);
    if (config.has("mode")) event.absolute = config.at("mode").choice("mode", modes) == "absolute";
  }

  std::uint32_t object(const Config& config, ObjectKind kind) {
    return object(config.string(), kind, config);
  }
  std::uint32_t object(const std::string& name, ObjectKind kind, const Config& config) {
    const auto found = std::ranges::find_if(
        file_.objects, [&](const RtAppObject& other) { return other.kind == kind && other.name == name; });
    const auto number = static_cast<std::uint32_t>(found - file_.objects.begin());
    if (found == file_.objects.end()) {
      if (number == RtAppFile::most_objects) {
        config.fail("too many objects", fmt::format("at most {} names", RtAppFile::most_objects));
      }
      const bool unique = kind == ObjectKind::timer && name.starts_with("unique");
      file_.objects.push_back({.name = name, .kind = kind, .unique = unique});
    }
    return number;
  }

  std::uint32_t task_number(const Config& config, Kind kind) {
    const std::string name = config.string();
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < file_.tasks.size(); ++i) {
      if (file_.tasks[i].name == name) return i;
      names.push_back(file_.tasks[i].name);
    }
    config.fail(fmt::format("{} of a task \"{}\"", name_of(kind), shortened(name)), one_of(names),
                nearest(name, names));
  }

  void count_users(const Config& tasks) {
    for (const RtAppTask& task : file_.tasks) {
      std::vector<std::uint32_t> met;
      for (const RtAppPhase& phase : task.phases) {
        for (std::uint32_t i = phase.first; i < phase.first + phase.count; ++i) {
          const RtAppEvent& event = file_.events[i];
          if (event.kind != Kind::barrier || std::ranges::find(met, event.object) != met.end()) continue;
          met.push_back(event.object);
          file_.objects[event.object].users += task.instances;
        }
      }
    }
    if (processes_ == 0) tasks.fail("no task with an instance", "one at least");
  }

  void find_suspended() {
    std::vector<bool> suspended(file_.objects.size());
    for (const RtAppEvent& event : file_.events) {
      if (event.kind == Kind::suspend) suspended[event.object] = true;
    }
    for (std::size_t i = 0; i < suspended.size(); ++i) {
      if (file_.objects[i].kind == ObjectKind::suspension && !suspended[i])
        ignore(fmt::format("resume of \"{}\": nobody is suspended there", shortened(file_.objects[i].name)));
    }
  }

  const RtAppOptions& options_;
  RtAppFile& file_;
  std::string task_;  ///< that is being read
  std::uint64_t processes_ = 0;
};

}  // namespace

std::string_view name_of(RtAppEvent::Kind kind) { return event_names[static_cast<std::size_t>(kind)]; }

RtAppFile parse_rt_app(std::string text, const std::string& name, const RtAppOptions& options) {
  RtAppFile file;
  const auto may_repeat = [&file](const std::string& path) {
    const auto [task, phase] = task_and_phase(path);
    if (phase.empty()) return false;
    add_once(file.ignored, fmt::format("all but the last phase \"{}\" of task \"{}\", as rt-app does",
                                       shortened(phase), shortened(task)));
    return true;
  };
  const auto [value, source] = parse_json(strict_json(std::move(text)), name, may_repeat);
  Reader(options, file).read(Config(value, source));
  return file;
}

RtAppFile read_rt_app(const std::string& path, const RtAppOptions& options) {
  return parse_rt_app(read_json_text(path), path, options);
}

std::string describe(const RtAppFile& file) {
  std::string text = fmt::format("rt-app, {} tasks, {} events, {}\n", file.tasks.size(), file.events.size(),
                                 file.duration ? fmt::format("{} s", to_seconds(*file.duration))
                                               : std::string("until all tasks have ended"));
  for (const RtAppTask& task : file.tasks) {
    double run_us = 0, sleep_us = 0, events = 0;  // of all repetitions, which may be very many
    for (const RtAppPhase& phase : task.phases) {
      const auto loops = static_cast<double>(phase.loops);
      for (std::uint32_t i = phase.first; i < phase.first + phase.count; ++i) {
        const RtAppEvent& event = file.events[i];
        const bool runs = event.kind == Kind::run || event.kind == Kind::runtime;
        const double us = to_seconds(event.time) * 1e6 * loops;
        if (runs) run_us += us;
        if (event.kind == Kind::sleep) sleep_us += us;
      }
      events += phase.count * loops;
    }
    text += fmt::format(
        "  {}: {} processes, {} loops of {} phases with {:.0f} events, {:.0f} us running, {:.0f} us asleep\n",
        task.name, task.instances, task.loops < 0 ? "endless" : std::to_string(task.loops),
        task.phases.size(), events, run_us, sleep_us);
  }
  for (const std::string& what : file.ignored) text += fmt::format("  ignored: {}\n", what);
  return text;
}

}  // namespace xensim
