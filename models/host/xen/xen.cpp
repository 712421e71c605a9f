/// The platform "xen": Xen 1.0 with uniprocessor XenoLinux domains, and domain 0 idle on processor 0.
///
/// What is modelled: interrupts, timers, events, scheduling and switching of domains, the guests' ticks, page
/// tables and faults, disks that all domains share, virtual network interfaces and the NIC behind them, all
/// in their order and with their time; domain 0's control plane, which builds domains only if asked to.
#include <algorithm>
#include <functional>

#include "core/parameter_info.hpp"
#include "models/host/monitor/monitor.hpp"
#include "models/host/xen/xen_control.hpp"
#include "models/host/xen/xen_needs.hpp"

namespace xensim {
namespace {

const auto parameters = with_devices(
    ParameterTable<MonitorParameters>{}
        .add("tick", &MonitorParameters::tick, "period of the timer event to every domain",
             "Xen 1.0: a single timer on processor 0", {.minimum = 1ms})
        .add("nic_processor", &MonitorParameters::nic_processor,
             "processor that the network interface interrupts",
             "Xen 1.0: the I/O APIC gives all to the first", {.minimum = 0, .maximum = 1023})
        .add("credit_bytes", &MonitorParameters::credit_bytes,
             "that each domain's interface may send in a credit_interval",
             "choice; Xen after 1.0 has no other default than none",
             {.minimum = Bytes{2048}, .maximum = Bytes{std::int64_t{1} << 30}})
        .add("credit_interval", &MonitorParameters::credit_interval,
             "after which an interface has its credit again; 0 s: no limit", "Xen after 1.0: none",
             {.minimum = Time{}, .maximum = Time{1s}})
        .add("build", &MonitorParameters::build,
             "how domains come into being: with their memory and in no time, or built by domain 0 with the "
             "real hypercalls, in its processor time",
             "choice", {.choices = {"at once", "by domain 0"}})
        .add("count_memory", &MonitorParameters::count_memory,
             "report how much memory the monitor needs for a domain", "choice")
        .add("memory", &MonitorParameters::memory, "of each domain whose programs make system calls",
             "choice", {.minimum = Bytes{8 << 20}, .maximum = Bytes{std::int64_t{959} << 20}})
        .add("update_queue", &MonitorParameters::update_queue,
             "page-table requests that a guest collects at most", "XenoLinux 2.4.21",
             {.minimum = 1, .maximum = 2048})
        .add("fast_trap", &MonitorParameters::fast_trap,
             "system calls enter the guest's kernel without the monitor", "Xen 1.0")
        .add("bounce_faults", &MonitorParameters::bounce_faults,
             "page faults enter the monitor first; false: the guest's kernel, as no real i386 could",
             "Xen 1.0"));

std::unique_ptr<Scheduler> scheduler_of(const Config& config, const HostContext& context) {
  std::unique_ptr<Scheduler> policy = SchedulerRegistry::instance().create("scheduler", config, context.cpus);
  policy->draw_from(RandomStream(context.seed, "scheduler"));
  return policy;
}

class Xen final : public Platform {
 public:
  Xen(const MonitorParameters& p, const Config& scheduler, const HostContext& context)
      : monitor_(p, context, scheduler_of(scheduler, context)), control_(monitor_, context) {}

  void start(std::vector<Program> programs, const SchedulingShare& share) override {
    const std::uint32_t instance = control_.add_instance();
    if (monitor_.parameters().build == "at once") {
      control_.adopt(instance, monitor_.start_domain(std::move(programs), share));
    } else {
      ControlRequest request{.verb = ControlVerb::create, .instance = instance, .share = share};
      request.programs = std::move(programs);
      request.required = true;
      control_.ask(std::move(request));
    }
  }
  [[nodiscard]] bool ready() const override { return control_.idle(); }
  std::uint32_t reserve() override { return control_.add_instance(); }
  ControlPlane* control() override { return &control_; }
  void probe(std::uint32_t instance, Answer answered) override {
    if (const auto vcpu = control_.domain_of(instance)) monitor_.probe(*vcpu, std::move(answered));
  }
  void settle() override { monitor_.settle(); }
  void divide_times(std::uint32_t instance) override {
    for (const VcpuId vcpu : control_.domains_of(instance)) monitor_.divide_times(vcpu);
  }
  [[nodiscard]] LifeTimes times(std::uint32_t instance) const override {
    return sum_of(instance, &Monitor::times);
  }
  [[nodiscard]] LifeTimes elapsed(std::uint32_t instance) const override {
    return sum_of(instance, &Monitor::elapsed);
  }
  void mark_times(std::uint32_t instance) override {
    for (const VcpuId vcpu : control_.domains_of(instance)) monitor_.mark_times(vcpu);
    if (marks_.size() <= instance) marks_.resize(instance + 1);
    ++marks_[instance];
  }
  [[nodiscard]] std::vector<LifeTimes> elapsed_at_marks(std::uint32_t instance) const override {
    std::vector<LifeTimes> sums(instance < marks_.size() ? marks_[instance] : 0);
    for (const VcpuId vcpu : control_.domains_of(instance)) {
      const std::vector<LifeTimes> its = monitor_.elapsed_at_marks(vcpu);
      for (std::size_t i = 0, first = sums.size() - its.size(); i < its.size(); ++i) {
        std::ranges::transform(sums[first + i], its[i], sums[first + i].begin(), std::plus<>{});
      }
    }
    return sums;
  }
  void measurement_begins() override { monitor_.measurement_begins(); }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    monitor_.report(sink, prefix);
    control_.report(sink, prefix);
  }
  [[nodiscard]] std::string deadlock(std::uint32_t instance) const override {
    const auto vcpu = control_.domain_of(instance);
    return vcpu ? monitor_.deadlock(*vcpu) : std::string{};
  }
  [[nodiscard]] std::string audit() const override { return monitor_.audit(); }

 private:
  /// Over all domains that the instance has had.
  [[nodiscard]] LifeTimes sum_of(std::uint32_t instance, LifeTimes (Monitor::*of)(VcpuId) const) const {
    LifeTimes sum{};
    for (const VcpuId vcpu : control_.domains_of(instance)) {
      std::ranges::transform(sum, (monitor_.*of)(vcpu), sum.begin(), std::plus<>{});
    }
    return sum;
  }

  Monitor monitor_;
  XenControl control_;
  std::vector<std::size_t> marks_{};  ///< by instance; a domain built later has only the last of them
};

const std::vector<std::string> others{"name", "scheduler"};

std::vector<ParameterInfo> all_parameters() {
  std::vector<ParameterInfo> all = parameters.describe_all();
  all.push_back(variant_parameter("scheduler", "scheduler", "policy over the processors",
                                  "Xen 1.0 as shipped", "bvt-xen1"));
  return all;
}

/// By hand, because a platform has a variant inside: its scheduler.
struct RegisterXen {
  RegisterXen() {
    PlatformRegistry::instance().add(
        {.name = "xen",
         .help = "Xen 1.0 with uniprocessor XenoLinux domains",
         .parameters = all_parameters(),
         .check = [](const Config& config) { (void)parameters.read(config, others); },
         .create = [](const Config& config, const HostContext& context) -> std::unique_ptr<Platform> {
           static const Json standard = "bvt-xen1";
           const Config scheduler = config.has("scheduler") ? config.at("scheduler") : Config(standard);
           return std::make_unique<Xen>(parameters.read(config, others), scheduler, context);
         }});
  }
};
const RegisterXen registered;

struct RegisterXenNeeds {
  RegisterXenNeeds() {
    PlatformNeedsRegistry::instance().add(
        {.name = "xen",
         .help = "",
         .parameters = {},
         .create = [](const Config& config, const HostPlan& plan) -> std::unique_ptr<PlatformNeeds> {
           return std::make_unique<XenNeeds>(parameters.read(config, others), plan);
         }});
  }
};
const RegisterXenNeeds needs_registered;

}  // namespace
}  // namespace xensim
