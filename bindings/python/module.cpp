/// `xensim._xensim`: the simulator as it is, for the Python code beside it.
#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings/python/plugin.hpp"
#include "core/error.hpp"
#include "core/json_source.hpp"
#include "experiments/runner/catalogue.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/experiment.hpp"
#include "experiments/runner/file_paths.hpp"
#include "experiments/runner/listing.hpp"
#include "experiments/runner/replications.hpp"
#include "experiments/runner/reproduction.hpp"
#include "experiments/runner/run_cache.hpp"
#include "experiments/runner/selection.hpp"
#include "experiments/runner/simulation.hpp"
#include "experiments/runner/source_identity.hpp"
#include "experiments/runner/trace_plan.hpp"
#include "experiments/runner/traced_run.hpp"
#include "results/confidence.hpp"

namespace xensim::python {
namespace {

/// A class that Python finds, and unpickles, as `xensim.NAME`.
py::handle make_error(py::module_& module, const char* name, const char* full_name, const char* help,
                      PyObject* base) {
  PyObject* error = PyErr_NewExceptionWithDoc(full_name, help, base, nullptr);
  if (error == nullptr) throw py::error_already_set();
  module.attr(name) = py::reinterpret_steal<py::object>(error);
  return module.attr(name);
}

void bind_errors(py::module_& module) {
  static const py::handle input = make_error(
      module, "InputError", "xensim.InputError",
      "Bad input. The message says where, what was found and what was expected.", PyExc_ValueError);
  static const py::handle simulation =
      make_error(module, "SimulationError", "xensim.SimulationError",
                 "The simulation contradicted itself or cannot proceed.", PyExc_RuntimeError);
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const InputError& error) {
      PyErr_SetString(input.ptr(), error.what());
    } catch (const SimulationError& error) {
      PyErr_SetString(simulation.ptr(), error.what());
    }
  });
}

// --- Experiments --------------------------------------------------------------------------------------

ExperimentFile parse(const std::string& text) {
  auto [value, source] = parse_json(text, {});
  return {std::move(value), std::move(source)};
}

/// A changed copy. Complaints about the value name the change: `call` with path and value.
ExperimentFile with(ExperimentFile file, const std::string& path, const std::string& text,
                    const std::string& call) {
  const std::string change = fmt::format("{}({}={})", call, path, shortened(text));
  const std::string whole = call == "sweep" ? "sweep." + path : path;
  set_path(file.document, whole, parse_json(text, {}).value, {.file = change});
  auto source = std::make_shared<ConfigSource>(file.source ? *file.source : ConfigSource{});
  note_change(*source, "$." + whole, change);
  file.source = std::move(source);
  return file;
}

/// What the user should know of one experiment without a sweep.
std::vector<std::string> remarks_of(const std::string& text) {
  Run run;
  run.experiment = std::make_shared<const Experiment>(interpret(parse_json(text, {}).value));
  return demand_of({run}).remarks;
}

/// As `xensim::expand`. What the experiment is compared with does not matter here, and a changed sweep
/// need not have it any more.
std::vector<Run> expand_without_comparison(ExperimentFile file) {
  if (file.document.is_object()) file.document.erase("compare");
  return expand(file);
}

void bind_experiments(py::module_& module) {
  py::class_<ExperimentFile>(module, "ExperimentFile", "An experiment as read; every change is a copy.")
      .def_static("read", &read_experiment_file, py::arg("path"))
      .def_static("parse", &parse, py::arg("text"))
      .def("with_", &with, py::arg("path"), py::arg("text"), py::arg("call") = "with_",
           "With the value at `path` (JSON text) changed; of `call` \"sweep\", the values to sweep it over.")
      .def("cells_of", &cells_of, py::arg("run"), "Cells of its comparison that a run belongs to.")
      .def("expand", &expand_without_comparison, "All runs, in order; checks everything.")
      .def_property_readonly("text", [](const ExperimentFile& file) { return file.document.dump(); });
  py::class_<Run>(module, "Run", "One run: a point of the sweep and a replication.")
      .def_readonly("index", &Run::index)
      .def_readonly("point", &Run::point, "(path, label) of each sweep value")
      .def_readonly("replication", &Run::replication, "from 0")
      .def_readonly("seed", &Run::seed)
      .def_property_readonly("selectors", &selectors_of, "What --only takes to find it.")
      .def_property_readonly("text",
                             [](const Run& run) { return with_absolute_paths(*run.experiment).dump(); });
}

/// The runs of an experiment with what is known of them.
struct Plan {
  explicit Plan(const ExperimentFile& file)
      : runs(expand_without_comparison(file)), replications(runs, precision_of(file)) {}

  using Metrics = std::vector<std::tuple<std::string, std::string, double>>;
  /// Takes long lists only where they are needed.
  void take(std::size_t run, const py::object& metrics) {
    RunResult result;
    if (!replications.fixed()) {
      for (auto& [name, unit, value] : metrics.cast<Metrics>()) result.metrics.push_back({name, unit, value});
    }
    replications.take(run, result);
  }

  std::vector<Run> runs;
  Replications replications;
};

void bind_plan(py::module_& module) {
  py::class_<Plan>(module, "Plan", "Which runs of an experiment are done, and which count.")
      .def(py::init<const ExperimentFile&>(), py::arg("file"))
      .def("take", &Plan::take, py::arg("run"), py::arg("metrics"), "A run has these metrics.")
      .def(
          "lose", [](Plan& plan, std::size_t run) { plan.replications.lose(run); }, py::arg("run"))
      .def(
          "next", [](const Plan& plan, std::size_t ahead) { return plan.replications.next(ahead); },
          py::arg("ahead"), "Runs to be done next; of undecided points up to `ahead` that may be needless.")
      .def(
          "matters", [](const Plan& plan, std::size_t run) { return plan.replications.matters(run); },
          py::arg("run"), "Whether it is, or may yet be, among those that count.")
      .def_property_readonly("undecided", [](const Plan& plan) { return plan.replications.undecided(); })
      .def_property_readonly("fixed", [](const Plan& plan) { return plan.replications.fixed(); })
      .def_property_readonly("beyond", [](const Plan& plan) { return plan.replications.beyond(); })
      .def_property_readonly("missed_aims",
                             [](const Plan& plan) { return describe_missed_aims(plan.replications); });
}

// --- Simulation ---------------------------------------------------------------------------------------

py::dict simulate_text(const std::string& text, std::uint64_t seed, bool audit, bool strict, bool explain,
                       std::optional<std::filesystem::path> cache, const std::vector<std::string>& traces) {
  const Experiment experiment = interpret(parse_json(text, {}).value);
  // What a plug-in does today is in no key.
  if (Plugin::may_be_in(*experiment.document)) cache.reset();
  const SimulationOptions options{
      .seed = seed, .trace = nullptr, .audit = audit, .explain = explain, .strict = strict};
  RunResult result;
  {
    const SimulationLock lock;
    std::optional<py::gil_scoped_release> released;
    if (!SimulationLock::calls_back()) released.emplace();
    result = traces.empty() ? simulate_or_find(experiment, options, cache)
                            : simulate_traced(experiment, options, traces);
  }
  py::list metrics(result.metrics.size());
  for (std::size_t i = 0; i < result.metrics.size(); ++i) {
    const Metric& metric = result.metrics[i];
    metrics[i] = py::make_tuple(metric.name, metric.unit, metric.value);
  }
  py::dict answer;
  answer["metrics"] = metrics;
  py::list series;
  for (const auto& [name, unit, samples] : result.series) {
    for (const auto& [at, value] : samples) {  // times as series/*.csv reads
      series.append(py::make_tuple(name, static_cast<double>(at.count()) / 1e12, unit, value));
    }
  }
  answer["series"] = series;
  answer["simulated_s"] = result.simulated_s;
  answer["events"] = result.events;
  return answer;
}

std::tuple<double, double, double> as_tuple(const Estimate& e) { return {e.mean, e.low, e.high}; }

}  // namespace
}  // namespace xensim::python

PYBIND11_MODULE(_xensim, module) {
  using namespace xensim;
  using namespace xensim::python;
  module.doc() = "The xensim simulator; use the package `xensim`.";
  module.attr("version") = XENSIM_VERSION;
  module.attr("sources") = std::string(source_identity());
  bind_errors(module);
  bind_experiments(module);
  bind_plan(module);
  bind_scheduler(module);
  bind_workload(module);
  module.def("simulate", &simulate_text, py::arg("text"), py::arg("seed"), py::arg("audit") = false,
             py::arg("strict") = false, py::arg("explain") = false, py::arg("cache") = py::none(),
             py::arg("traces") = std::vector<std::string>{},
             "Runs one resolved experiment (JSON text) to its end.");
  module.def(
      "check_traces",
      [](const std::vector<std::string>& traces, const std::vector<Run>& runs) {
        Demand demand;
        demand.trace = check_traces(traces, runs);
        check_space(demand, free_space(traces));
      },
      py::arg("traces"), py::arg("runs"), "Throws if these runs cannot be traced so.");
  module.def(
      "remarks", [](const std::vector<Run>& runs) { return demand_of(runs).remarks; }, py::arg("runs"),
      "What the user should know of their constants, shares and files, each once.");
  module.def("remarks", &remarks_of, py::arg("text"));
  module.def("check_cache", [](const std::filesystem::path& directory) { (void)RunCache(directory); });
  module.def("schema", [] { return experiment_schema().dump(); });
  module.def("kinds", &list_kinds);
  module.def("reproducible", &reproducible);
  module.def("list", [](const std::string& kind) { return list_json(kind).dump(); });
  module.def("find_experiment", &find_experiment, py::arg("name"));
  module.def("home_directory", &home_directory);
  module.def(
      "estimate", [](const std::vector<double>& samples) { return as_tuple(estimate(samples)); },
      "(mean, low, high) of independent samples; 95 % interval, NaN of a single sample.");
  module.def(
      "estimate_crossed",
      [](const std::vector<std::vector<double>>& rows) { return as_tuple(estimate_crossed(rows)); },
      "As estimate, over conditions (rows) that share their replications (columns).");
}
