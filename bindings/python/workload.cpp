/// Workloads written in Python: a generator is a program.
#include "workloads/workload.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <optional>
#include <variant>

#include "bindings/python/plugin.hpp"

namespace xensim::python {
namespace {

/// What a generator yields to compute. Without a working set of its own it uses the workload's.
struct ComputeRequest {
  Time work{};
  std::optional<std::int64_t> working_set;  ///< bytes
};

constexpr std::int64_t largest_working_set = std::int64_t{64} << 20;

std::int64_t checked_working_set(std::int64_t bytes) {
  if (bytes < 64 || bytes > largest_working_set) {
    throw py::value_error(fmt::format("a working set of {} bytes; expected 64 to 67108864 (64 MiB)", bytes));
  }
  return bytes;
}

Time checked_duration(std::int64_t nanoseconds) {
  if (nanoseconds < 0) throw py::value_error("a negative duration");
  return from_nanoseconds(nanoseconds);
}

class PythonWorkload final : public Workload {
 public:
  PythonWorkload(const Plugin& plugin, const Config& config, std::int64_t working_set,
                 const WorkloadContext& context)
      : plugin_(plugin),
        arguments_(plugin.arguments(config)),
        working_set_(working_set),
        shape_(context.shape),
        miss_price_(context.costs.miss_price) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.system_calls = false}; }
  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    // A copy of the stream: the programs outlive this call.
    const py::object made = plugin_.make()(instance, random, **arguments_);
    std::vector<Program> all;
    if (py::isinstance<py::iterator>(made)) {
      all.push_back(drive(*this, py::reinterpret_borrow<py::iterator>(made)));
      return all;
    }
    if (!py::isinstance<py::iterable>(made)) refuse(made);
    for (const py::handle each : made) {
      if (!py::isinstance<py::iterable>(each)) refuse(made);
      all.push_back(drive(*this, py::iter(each)));
    }
    return all;
  }

 private:
  [[noreturn]] void refuse(const py::object& made) const {
    throw py::type_error(fmt::format("workload \"{}\" returned {}; expected a generator, or a list of them",
                                     plugin_.name(), py::repr(made).cast<std::string>()));
  }

  /// The generator lives in the coroutine's frame, hence as long as the simulated process.
  static Program drive(PythonWorkload& self, py::iterator generator) {
    for (; generator != py::iterator::sentinel(); ++generator) co_yield self.operation(*generator);
  }

  [[nodiscard]] Operation operation(const py::handle& yielded) {
    if (py::isinstance<ComputeRequest>(yielded)) {
      const auto& request = yielded.cast<const ComputeRequest&>();
      return Compute{request.work, &working_set(request.working_set.value_or(working_set_))};
    }
    if (py::isinstance<Sleep>(yielded)) return yielded.cast<Sleep>();
    throw py::type_error(
        fmt::format("workload \"{}\" yielded {}; expected xensim.compute(...) or xensim.sleep(...)",
                    plugin_.name(), py::repr(yielded).cast<std::string>()));
  }

  const WorkingSet& working_set(std::int64_t bytes) {
    constexpr std::int64_t page = 4096;
    const auto found = working_sets_.find(bytes);
    if (found != working_sets_.end()) return found->second;
    const auto lines = std::min<std::int64_t>(shape_.l2_lines, bytes / shape_.line.count);
    const auto pages = std::min<std::int64_t>(shape_.tlb_entries, (bytes + page - 1) / page);
    return working_sets_
        .emplace(bytes, WorkingSet::constant(static_cast<std::uint32_t>(lines), miss_price_,
                                             static_cast<std::uint32_t>(pages)))
        .first->second;
  }

  Plugin plugin_;
  py::dict arguments_;
  std::int64_t working_set_;  ///< bytes
  ProcessorShape shape_;
  Time miss_price_;
  std::map<std::int64_t, WorkingSet> working_sets_;  ///< by bytes; programs point into it
};

void register_workload(std::string name, std::string help, const py::dict& defaults, py::object make,
                       std::int64_t working_set) {
  static const std::vector<std::string> built_in = WorkloadRegistry::instance().names();
  check_plugin_name("workload", name, built_in);
  checked_working_set(working_set);
  const Plugin plugin(std::move(name), std::move(help), defaults, std::move(make));
  WorkloadRegistry::instance().add(
      {.name = plugin.name(),
       .help = plugin.help(),
       .parameters = plugin.parameters(),
       .check = [plugin](const Config& config) { plugin.check(config); },
       .create = [plugin, working_set](const Config& config,
                                       const WorkloadContext& context) -> std::unique_ptr<Workload> {
         return std::make_unique<PythonWorkload>(plugin, config, working_set, context);
       }});
}

}  // namespace

void bind_workload(py::module_& module) {
  py::class_<RandomStream>(module, "RandomStream",
                           "Random numbers that depend on the run's seed and the stream's name only.")
      .def(py::init([](std::uint64_t seed, const std::string& name) { return RandomStream(seed, name); }),
           py::arg("seed"), py::arg("name"))
      .def("next", &RandomStream::next, "Uniform over 0 to 2**64 - 1.")
      .def(
          "below",
          [](RandomStream& self, std::uint64_t bound) {
            if (bound == 0) throw py::value_error("a bound of 0; expected at least 1");
            return self.below(bound);
          },
          py::arg("bound"), "Uniform integer in [0, bound).")
      .def(
          "random", [](RandomStream& self) { return static_cast<double>(self.next() >> 11) * 0x1p-53; },
          "Uniform float in [0, 1).");
  py::class_<ComputeRequest>(module, "Compute", "Execute for some time.")
      .def(py::init([](std::int64_t nanoseconds, std::optional<std::int64_t> working_set) {
             if (working_set) checked_working_set(*working_set);
             return ComputeRequest{checked_duration(nanoseconds), working_set};
           }),
           py::arg("nanoseconds"), py::arg("working_set") = py::none());
  py::class_<Sleep>(module, "Sleep", "Sleep for some time.")
      .def(py::init([](std::int64_t nanoseconds) { return Sleep{checked_duration(nanoseconds)}; }),
           py::arg("nanoseconds"));
  module.def("register_workload", &register_workload, py::arg("name"), py::arg("help"), py::arg("defaults"),
             py::arg("make"), py::arg("working_set"));
}

}  // namespace xensim::python
