/// Scheduling policies written in Python.
#include "models/cpu/schedulers/scheduler.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include <vector>

#include "bindings/python/plugin.hpp"
#include "core/error.hpp"

namespace xensim::python {
namespace {

/// Hands every call on to a Python object and checks its decisions, so that no policy can make the
/// monitor run what cannot run.
class PythonScheduler final : public Scheduler {
 public:
  PythonScheduler(std::string name, py::object policy, std::size_t cpus)
      : name_(std::move(name)), policy_(std::move(policy)), running_(cpus) {}

  void draw_from(const RandomStream& random) override { policy_.attr("draw_from")(random); }
  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override {
    if (vcpus_.size() <= vcpu.value) vcpus_.resize(vcpu.value + 1);
    vcpus_[vcpu.value] = {.home = cpu, .runnable = false};
    policy_.attr("add")(vcpu.value, cpu.value, share, to_nanoseconds(now));
  }
  void remove(VcpuId vcpu, Time now) override {
    vcpus_[vcpu.value] = {};
    policy_.attr("remove")(vcpu.value, to_nanoseconds(now));
  }
  void adjust(VcpuId vcpu, const SchedulingShare& share, Time now) override {
    policy_.attr("adjust")(vcpu.value, share, to_nanoseconds(now));
  }
  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    vcpus_[vcpu.value].runnable = true;
    return time_of("wake", vcpu.value, to_nanoseconds(now));
  }
  [[nodiscard]] Time event_marked(VcpuId vcpu, Time now) override {
    return time_of("event_marked", vcpu.value, to_nanoseconds(now));
  }
  void sleep(VcpuId vcpu, Time now) override {
    vcpus_[vcpu.value].runnable = false;
    policy_.attr("sleep")(vcpu.value, to_nanoseconds(now));
  }
  void yield(VcpuId vcpu, Time now) override { policy_.attr("yield_")(vcpu.value, to_nanoseconds(now)); }
  [[nodiscard]] Time deadline(CpuId cpu) const override { return time_of("deadline", cpu.value); }
  [[nodiscard]] Time expire(CpuId cpu, Time now) override {
    return time_of("expire", cpu.value, to_nanoseconds(now));
  }
  [[nodiscard]] std::string audit() const override {
    const py::object fault = policy_.attr("audit")();
    if (!py::isinstance<py::str>(fault)) refuse("audit", fault, "a string");
    return fault.cast<std::string>();
  }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override {
    VcpuId& running = running_[cpu.value];
    if (running.valid() && !current_runnable) vcpus_[running.value].runnable = false;
    const py::object answer = policy_.attr("schedule")(cpu.value, current_runnable, to_nanoseconds(now));
    const Decision decision = read(answer);
    check(decision, cpu);
    running = decision.next;
    return decision;
  }

 private:
  struct Vcpu {
    CpuId home;
    bool runnable = false;
  };

  /// What a method answers: a time in ns, or None for `never`.
  template <class... Arguments>
  [[nodiscard]] Time time_of(const char* method, Arguments... arguments) const {
    const py::object answer = policy_.attr(method)(arguments...);
    if (answer.is_none()) return never;
    try {
      return from_nanoseconds(answer.cast<std::int64_t>());
    } catch (const py::cast_error&) {
      refuse(method, answer, "whole nanoseconds or None");
    }
  }

  /// `(vcpu or None, slice)` or `(vcpu or None, slice, scanned)`.
  [[nodiscard]] Decision read(const py::object& answer) const {
    const bool tuple = py::isinstance<py::tuple>(answer);
    const std::size_t size = tuple ? py::len(answer) : 0;
    try {
      if (size == 2 || size == 3) {
        const auto parts = answer.cast<py::tuple>();
        Decision decision;
        if (!parts[0].is_none()) decision.next = VcpuId{parts[0].cast<std::uint32_t>()};
        decision.slice = from_nanoseconds(parts[1].cast<std::int64_t>());
        if (size == 3) decision.scanned = parts[2].cast<std::uint32_t>();
        return decision;
      }
    } catch (const py::cast_error&) {  // refused below
    }
    refuse("schedule", answer, "(vcpu or None, slice in ns) or (vcpu or None, slice in ns, entries scanned)");
  }

  [[noreturn]] void refuse(std::string_view method, const py::object& answer,
                           std::string_view expected) const {
    throw py::type_error(fmt::format("scheduler \"{}\": {}() returned {}; expected {}", name_, method,
                                     py::repr(answer).cast<std::string>(), expected));
  }

  void check(const Decision& decision, CpuId cpu) const {
    if (decision.slice < 1us || decision.slice > 1h) {
      fail(fmt::format("answered a slice of {} ns; expected 1000 (1 us) to 3600000000000 (1 h)",
                       to_nanoseconds(decision.slice)));
    }
    if (!decision.next.valid()) return;
    const auto vcpu = decision.next.value;
    if (vcpu >= vcpus_.size() || !vcpus_[vcpu].home.valid()) {
      fail(fmt::format("chose vCPU {}, which does not exist", vcpu));
    }
    if (vcpus_[vcpu].home != cpu) {
      fail(fmt::format("chose vCPU {} for processor {}, but it was added to processor {}", vcpu, cpu.value,
                       vcpus_[vcpu].home.value));
    }
    if (!vcpus_[vcpu].runnable) fail(fmt::format("chose vCPU {}, which is not runnable", vcpu));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw SimulationError(fmt::format("scheduler \"{}\": schedule() {}", name_, what));
  }

  std::string name_;
  py::object policy_;
  std::vector<Vcpu> vcpus_;
  std::vector<VcpuId> running_;  ///< by processor
};

void register_scheduler(std::string name, std::string help, const py::dict& defaults, py::object make) {
  static const std::vector<std::string> built_in = SchedulerRegistry::instance().names();
  check_plugin_name("scheduler", name, built_in);
  const Plugin plugin(std::move(name), std::move(help), defaults, std::move(make));
  SchedulerRegistry::instance().add(
      {.name = plugin.name(),
       .help = plugin.help(),
       .parameters = plugin.parameters(),
       .check = [plugin](const Config& config) { plugin.check(config); },
       .create = [plugin](const Config& config, std::size_t cpus) -> std::unique_ptr<Scheduler> {
         return std::make_unique<PythonScheduler>(plugin.name(),
                                                  plugin.make()(cpus, **plugin.arguments(config)), cpus);
       }});
}

}  // namespace

void bind_scheduler(py::module_& module) {
  py::class_<SchedulingShare>(module, "Share", "A domain's claim on the processors. Times in nanoseconds.")
      .def_readonly("weight", &SchedulingShare::weight, "proportional share; BVT's mcu_advance is 100/weight")
      .def_property_readonly("period", [](const SchedulingShare& s) { return to_nanoseconds(s.period); })
      .def_property_readonly("slice", [](const SchedulingShare& s) { return to_nanoseconds(s.slice); })
      .def_property_readonly("latency", [](const SchedulingShare& s) { return to_nanoseconds(s.latency); })
      .def_readonly("extra_time", &SchedulingShare::extra_time, "may have what reservations leave over")
      .def_property_readonly("warp", [](const SchedulingShare& s) { return to_nanoseconds(s.warp); })
      .def_property_readonly("warp_limit",
                             [](const SchedulingShare& s) { return to_nanoseconds(s.warp_limit); })
      .def_property_readonly("unwarp_requirement",
                             [](const SchedulingShare& s) { return to_nanoseconds(s.unwarp_requirement); })
      .def_readonly("cap", &SchedulingShare::cap, "most of one processor, in percent; 0: no limit");
  module.def("register_scheduler", &register_scheduler, py::arg("name"), py::arg("help"), py::arg("defaults"),
             py::arg("make"));
}

}  // namespace xensim::python
