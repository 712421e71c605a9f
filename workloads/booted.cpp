/// A Linux system of the time: it boots, its daemons wake now and then, and other workloads are loaded from
/// the disk when the system is up.
///
/// What is modelled: the kernel's own start; init, its scripts and the loading of programs as computation
/// between waits for files; daemons and the jobs of cron as processes that compute a little after each sleep.
/// What is left out: the processes that scripts fork; where files lie on the disk (a wait is a sleep of the
/// kernel's shortest kind, hence at least as long as a read). Numbers: calibration file, section booting.
#include <fmt/format.h>

#include <memory>

#include "core/parameter_info.hpp"
#include "models/cpu/calibration_section.hpp"
#include "workloads/workload_parts.hpp"

namespace xensim {
namespace {

struct BootedParameters {
  std::vector<std::string> workloads;
  bool boots = true;
  std::int64_t daemons = 8;
  bool jobs = true;
};
const auto parameters =
    ParameterTable<BootedParameters>{}
        .add("workloads", &BootedParameters::workloads,
             "what begins when the system is up, by name, each as it is by default", "")
        .add("boots", &BootedParameters::boots, "false: it is up from the beginning", "choice")
        .add("daemons", &BootedParameters::daemons,
             "that wake now and then: kjournald, kupdated, syslogd, crond, sendmail and the like",
             "RedHat 7.2, as installed on the machines of the evaluation", {.minimum = 0, .maximum = 100})
        .add("jobs", &BootedParameters::jobs, "crond starts its jobs", "RedHat 7.2");

class Booted final : public Workload {
 public:
  Booted(const BootedParameters& p, const WorkloadContext& context)
      : parameters_(p),
        working_set_(WorkingSet::constant(std::min(context.shape.l2_lines, whole(context, "lines")),
                                          context.costs.miss_price,
                                          std::min(context.shape.tlb_entries, whole(context, "pages")))),
        kernel_start_(duration(context, "kernel_start")),
        init_(duration(context, "init")),
        reads_(whole(context, "reads")),
        program_start_(duration(context, "program_start")),
        program_reads_(whole(context, "program_reads")),
        daemon_interval_(duration(context, "daemon_interval")),
        daemon_work_(duration(context, "daemon_work")),
        job_interval_(duration(context, "job_interval")),
        job_work_(duration(context, "job_work")) {
    for (const std::string& name : p.workloads) {
      const Json chosen = name;
      parts_.add(name, WorkloadRegistry::instance().create("workload", Config(chosen), context));
    }
  }

  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    const auto system = std::make_shared<System>(System{random.next(), !parameters_.boots});
    std::vector<Program> all;
    if (parameters_.boots) all.push_back(boot(*this, system));
    for (std::int64_t i = 0; i < parameters_.daemons; ++i) {
      all.push_back(background(*this, system, fmt::format("daemon {}", i), {daemon_interval_, daemon_work_}));
    }
    if (parameters_.jobs) all.push_back(background(*this, system, "jobs", {job_interval_, job_work_}));
    for (Program& program : parts_.programs(instance, random)) {
      all.push_back(load(*this, system, all.size(), std::move(program)));
    }
    return all;
  }
  [[nodiscard]] WorkloadNeeds needs() const override { return parts_.needs(); }
  void measurement_begins() override { parts_.measurement_begins(); }
  void report(StatisticSink& sink, const std::string& prefix) const override { parts_.report(sink, prefix); }

 private:
  /// One instance.
  struct System {
    std::uint64_t seed = 0;
    bool up = false;
  };
  using SystemPointer = std::shared_ptr<System>;

  static Program boot(const Booted& self, SystemPointer system) {
    RandomStream random(system->seed, "boot");
    co_yield Compute{self.kernel_start_, &self.working_set_};
    for (std::uint32_t i = 0; i < self.reads_; ++i) {
      co_yield Compute{random.between(Time{}, self.init_ / self.reads_ * 2), &self.working_set_};
      co_yield Sleep{};
    }
    system->up = true;
  }

  struct Background {
    Time interval{}, work{};
  };
  static Program background(const Booted& self, SystemPointer system, std::string name, Background what) {
    RandomStream random(system->seed, name);
    while (!system->up) co_yield Sleep{1s};
    for (;;) {
      co_yield Sleep{random.between(Time{}, what.interval * 2)};
      co_yield Compute{what.work, &self.working_set_};
    }
  }

  /// A script starts the program when the system is up.
  static Program load(const Booted& self, SystemPointer system, std::size_t number, Program program) {
    RandomStream random(system->seed, fmt::format("program {}", number));
    while (!system->up) co_yield Sleep{100ms};
    for (std::uint32_t i = 0; i < self.program_reads_; ++i) {
      co_yield Compute{random.between(Time{}, self.program_start_ / self.program_reads_ * 2),
                       &self.working_set_};
      co_yield Sleep{};
    }
    co_await program;
  }

  static std::uint32_t whole(const WorkloadContext& context, const char* name) {
    return CalibrationSection(context.calibration, "booting.").whole(name);
  }
  static Time duration(const WorkloadContext& context, const char* name) {
    return CalibrationSection(context.calibration, "booting.").microseconds(name);
  }

  BootedParameters parameters_;
  WorkingSet working_set_;
  Time kernel_start_, init_;
  std::uint32_t reads_;
  Time program_start_;
  std::uint32_t program_reads_;
  Time daemon_interval_, daemon_work_, job_interval_, job_work_;
  WorkloadParts parts_;
};

/// By hand, because names have to be checked against a registry that is complete only later.
struct RegisterBooted {
  RegisterBooted() {
    WorkloadRegistry::instance().add(
        {.name = "booted",
         .help = "a Linux system that boots, keeps daemons and then runs other workloads",
         .parameters = parameters.describe_all(),
         .check =
             [](const Config& config) {
               (void)parameters.read(config, {{"name"}});
               if (!config.has("workloads")) return;
               const Config list = config.at("workloads");
               std::vector<std::string> names = WorkloadRegistry::instance().names();
               std::erase(names, "booted");
               for (std::size_t i = 0; i < list.size(); ++i) (void)list.at(i).choice("workload", names);
             },
         .create = [](const Config& config, const WorkloadContext& context) -> std::unique_ptr<Workload> {
           return std::make_unique<Booted>(parameters.read(config, {{"name"}}), context);
         }});
  }
};
const RegisterBooted registered;

}  // namespace
}  // namespace xensim
