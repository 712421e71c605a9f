/// rt-app: processes that run, sleep and wait for each other as a file of JSON says.
#include <algorithm>
#include <array>
#include <deque>
#include <memory>

#include "core/input_file.hpp"
#include "workloads/constant_data.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/recorded/rt_app_file.hpp"
#include "workloads/recorded/rt_app_log.hpp"
#include "workloads/recorded/rt_app_objects.hpp"

namespace xensim {
namespace {

using Kind = RtAppEvent::Kind;

struct RtAppParameters {
  InputFile file{};
  std::vector<std::string> tasks{};
  std::string policies = "refuse";
  Bytes working_set{std::int64_t{4} << 10};
  Time runtime_step = 100us;
};
const auto parameters =
    ParameterTable<RtAppParameters>{}
        .add("file", &RtAppParameters::file,
             "of rt-app 1.0, in JSON; relative to the experiment file, or where an option gives it, to where "
             "xensim is started",
             "choice")
        .add("tasks", &RtAppParameters::tasks, "of the file that run in this guest; empty: all", "choice")
        .add("policies", &RtAppParameters::policies,
             "other policies than SCHED_OTHER, and priorities: refuse the file, or ignore them",
             "choice: the guest kernel has SCHED_OTHER with nice 0 only", {.choices = {"refuse", "ignore"}})
        .add("working_set", &RtAppParameters::working_set, "data that a task uses while it runs",
             "choice: rt-app computes in a loop",
             {.minimum = Bytes{64}, .maximum = Bytes{std::int64_t{64} << 20}})
        .add("runtime_step", &RtAppParameters::runtime_step,
             "work between two looks at the clock in `runtime`, which lasts until its time is over", "choice",
             {.minimum = 1us, .maximum = 100ms});

RtAppFile read(const RtAppParameters& p) {
  if (p.file.path.empty()) {
    throw InputError({.path = "rt_app"}, "no file", "the parameter file: a file of rt-app in JSON");
  }
  return read_rt_app(p.file.path, {.tasks = p.tasks, .ignore_policies = p.policies == "ignore"});
}

/// What a process writes before anything else.
Call begin(Self self, const Place& place) {
  return self.touch({place.stack, place.data, place.bss, place.libc_data}, Access::write);
}

constexpr std::int64_t not_set = INT64_MIN;
const std::vector<SemaphoreOperation> down{{.change = -1}}, up{{.change = 1}};

/// One of an instance's processes. Another takes its place when it has ended.
struct Process : RtAppMember {
  std::int64_t semaphore = -1;       ///< on which it sleeps until somebody wakes it
  bool blocked = false;              ///< there
  std::int64_t start = 0;            ///< of its work, in ps: its timers are counted from there
  bool has_forked = false;           ///< it has children of its own
  std::vector<std::int64_t> timers;  ///< next expiry in ps, by object: those that it has for itself
};

/// What the processes of one instance share.
struct Group {
  explicit Group(const RtAppFile& its_file)
      : file(its_file), objects(its_file), timers(its_file.objects.size(), not_set) {}

  const RtAppFile& file;
  Place place;
  RtAppObjects objects;
  std::vector<std::int64_t> timers;  ///< next expiry in ps, by object
  std::deque<Process> processes;
  std::vector<Process*> unused;
  bool stops = false;  ///< the file's duration is over

  Process& add(std::uint32_t task) {
    if (unused.empty()) unused.push_back(&processes.emplace_back());
    Process& process = *unused.back();
    unused.pop_back();
    process.task = task;
    process.mutex = RtAppEvent::none;
    process.has_forked = false;
    process.timers.assign(timers.size(), not_set);
    return process;
  }
  /// Sets the process's timer of the event. When it expires, in ps; if that is not later than `now`, it is
  /// missed.
  std::int64_t set_timer(Process& process, const RtAppEvent& event, std::int64_t now) {
    const bool unique = file.objects[event.object].unique;
    std::int64_t& timer = (unique ? process.timers : timers)[event.object];
    const std::int64_t due = (timer == not_set ? process.start : timer) + event.time.count();
    timer = due <= now && !event.absolute ? now : due;
    return due;
  }
};

class RtApp final : public Workload {
 public:
  RtApp(const RtAppParameters& p, const WorkloadContext& context)
      : parameters_(p),
        file_(read(p)),
        costs_(context.calibration),
        data_(constant_data(p.working_set, context)),
        logs_(file_.tasks.size()) {}

  [[nodiscard]] WorkloadNeeds needs() const override {
    WorkloadNeeds needs{.files = {parameters_.file.path}};
    for (const std::string& what : file_.ignored) {
      needs.remarks.push_back(parameters_.file.path + ": ignored " + what);
    }
    return needs;
  }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    Group& group = groups_.emplace_back(file_);
    std::vector<Program> all;
    all.push_back(small_program("/usr/bin/rt-app", costs_, [this, &group](Self self, const Place& place) {
      group.place = place;
      return start(self, group);
    }));
    return all;
  }
  void measurement_begins() override {
    for (RtAppLog& log : logs_) log.measurement_begins();
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    for (std::size_t i = 0; i < logs_.size(); ++i) logs_[i].report(sink, prefix + file_.tasks[i].name + '/');
  }

 private:
  Program start(Self self, Group& group);
  /// The life of a process.
  Program work(Self self, Group& group, Process& process);
  [[nodiscard]] Self::Body body_of(Group& group, Process& process) {
    return [this, &group, &process](Self born) { return work(born, group, process); };
  }
  /// As often as the phase is repeated.
  Program perform(Self self, Group& group, Process& process, const RtAppPhase& phase);

  RtAppParameters parameters_;
  RtAppFile file_;
  ProgramCosts costs_;
  WorkingSet data_;
  std::vector<RtAppLog> logs_;  ///< by task
  std::deque<Group> groups_;    ///< by instance
};

Program RtApp::start(Self self, Group& group) {
  for (std::uint32_t task = 0; task < file_.tasks.size(); ++task) {
    for (std::uint32_t i = 0; i < file_.tasks[task].instances; ++i) {
      const Self::Body child = body_of(group, group.add(task));
      co_await self.fork(child);
    }
  }
  if (file_.duration) {
    co_yield Sleep{*file_.duration};
    group.stops = true;
    for (Process& process : group.processes) {
      if (process.blocked) co_await self.semop(process.semaphore, up);
    }
  }
  while (co_await self.wait() >= 0) {
  }
}

Program RtApp::work(Self self, Group& group, Process& process) {
  const RtAppTask& task = file_.tasks[process.task];
  co_await begin(self, group.place);
  if (process.semaphore < 0) process.semaphore = co_await self.semget(1);
  process.start = co_await self.clock() + task.delay.count();
  if (task.delay > Time{}) co_yield Sleep{task.delay};
  for (std::int64_t turn = 0; turn != task.loops && !group.stops; ++turn) {
    for (const RtAppPhase& phase : task.phases) co_await perform(self, group, process, phase);
  }
  if (process.has_forked) {
    while (co_await self.wait() >= 0) {
    }
  }
  group.unused.push_back(&process);
}

/// The real program reads the clock, by a call, where this one does: at the beginning of a phase and after
/// whatever takes time.
Program RtApp::perform(Self self, Group& group, Process& process, const RtAppPhase& phase) {
  RtAppLog& log = logs_[process.task];
  for (std::uint64_t loop = 0; loop < phase.loops && !group.stops; ++loop) {
    co_await self.gettimeofday();
    const std::int64_t began = co_await self.clock();
    std::int64_t now = began, ran = 0;
    for (std::uint32_t i = phase.first; i < phase.first + phase.count && !group.stops; ++i) {
      const RtAppEvent& event = file_.events[i];
      const std::int64_t before = now;
      switch (event.kind) {
        case Kind::run:
          co_yield Compute{event.time, &data_};
          break;
        case Kind::runtime:
          for (Time left = event.time; left > Time{}; left = Time{before - now} + event.time) {
            co_yield Compute{std::min(left, parameters_.runtime_step), &data_};
            now = co_await self.clock();
          }
          break;
        case Kind::sleep:
          co_yield Sleep{event.time};
          break;
        case Kind::timer: {
          const std::int64_t due = group.set_timer(process, event, now);
          log.slack(due - now);
          if (due <= now) break;
          co_yield Sleep{Time{due - now}};
          log.woken(co_await self.clock() - due);
          break;
        }
        case Kind::yield:
          co_await self.yield();
          break;
        case Kind::fork: {
          Process& other = group.add(event.object);
          const Self::Body child = body_of(group, other);
          if (co_await self.fork(child) < 0) group.unused.push_back(&other);
          process.has_forked = true;
          break;
        }
        default:
          process.blocked = group.objects.perform(event, process);
          for (RtAppMember* woken = group.objects.take_woken(); woken != nullptr;) {
            const std::int64_t semaphore = static_cast<Process*>(woken)->semaphore;
            woken = woken->next;  // awake, it may wait somewhere else
            co_await self.semop(semaphore, up);
          }
          if (process.blocked) co_await self.semop(process.semaphore, down);
          process.blocked = false;
      }
      co_await self.gettimeofday();
      now = co_await self.clock();
      if (event.kind == Kind::run || event.kind == Kind::runtime) ran += now - before;
      if (event.kind == Kind::sleep) log.overslept(now - before - event.time.count());
    }
    log.phase(ran, now - began);
  }
}

const RegisterWorkload<RtApp, RtAppParameters> registered{
    "rt_app", "tasks that run, sleep and wait as a file of rt-app says", parameters};

}  // namespace
}  // namespace xensim
