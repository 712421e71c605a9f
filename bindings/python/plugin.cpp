#include "bindings/python/plugin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <set>
#include <utility>

#include "core/json_source.hpp"
#include "core/parameter_info.hpp"

namespace xensim::python {
namespace {

constexpr std::int64_t ps_per_ns = 1000;

struct State {
  bool running = false, plugins = false;
  std::set<std::string, std::less<>> names{};  ///< of all plug-ins
};
State& state() {
  static State the_state;  // guarded by the interpreter's lock
  return the_state;
}

/// JSON Schema's word for the type of a value.
std::string type_of(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

}  // namespace

py::object to_python(const Json& value) { return py::module_::import("json").attr("loads")(value.dump()); }

Json from_python(const py::object& value) {
  return parse_json(py::module_::import("json").attr("dumps")(value).cast<std::string>(), {}).value;
}

std::int64_t to_nanoseconds(Time time) { return time.count() / ps_per_ns; }

Time from_nanoseconds(std::int64_t nanoseconds) {
  if (nanoseconds >= never.count() / ps_per_ns) return never;
  return Time{std::max<std::int64_t>(0, nanoseconds) * ps_per_ns};
}

void check_plugin_name(const std::string& kind, const std::string& name,
                       const std::vector<std::string>& built_in) {
  if (name.empty()) throw InputError({}, fmt::format("found an empty name of a {}", kind), "some letters");
  if (std::ranges::find(built_in, name) != built_in.end()) {
    throw InputError({}, fmt::format("found \"{}\", which is a built-in {}", name, kind), "another name");
  }
}

Plugin::Plugin(std::string name, std::string help, const py::dict& defaults, py::object make)
    : name_(std::move(name)), help_(std::move(help)) {
  const SimulationLock nothing_runs;
  for (const auto& [key, value] : defaults) {
    const Json fallback = from_python(py::reinterpret_borrow<py::object>(value));
    parameters_.push_back({.name = key.cast<std::string>(),
                           .help = "parameter of a Python plug-in",
                           .source = "Python",
                           .type = type_of(fallback),
                           .unit = {},
                           .minimum = {},
                           .maximum = {},
                           .fallback = fallback,
                           .choices = {}});
  }
  state().names.insert(name_);
  make_ = make.release();
  SimulationLock::plugins_exist();
}

bool Plugin::may_be_in(const Json& configuration) {
  if (configuration.is_string()) return state().names.contains(configuration.get_ref<const std::string&>());
  return configuration.is_structured() && std::ranges::any_of(configuration, may_be_in);
}

void Plugin::check(const Config& config) const {
  std::vector<std::string> known(variant_keys().begin(), variant_keys().end());
  for (const ParameterInfo& parameter : parameters_) known.push_back(parameter.name);
  config.allow_only(known);
  for (const ParameterInfo& parameter : parameters_) {
    if (!config.has(parameter.name)) continue;
    const Config given = config.at(parameter.name);
    const std::string type = type_of(given.json());
    if (type == parameter.type || (type == "integer" && parameter.type == "number")) continue;
    given.fail(describe(given.json()), fmt::format("a value of type {}, like the default {}", parameter.type,
                                                   describe(parameter.fallback)));
  }
}

py::dict Plugin::arguments(const Config& config) const {
  py::dict given;
  for (const ParameterInfo& parameter : parameters_) {
    if (config.has(parameter.name)) {
      given[py::str(parameter.name)] = to_python(config.at(parameter.name).json());
    }
  }
  return given;
}

struct SimulationLock::Signals {
  sigset_t mask{};
  struct sigaction interrupt {};
  struct sigaction fault {};
};

SimulationLock::SimulationLock() {
  if (std::exchange(state().running, true)) {
    throw SimulationError(
        "a simulation is running in this process, which can have one at a time: use processes, not threads");
  }
  signals_ = std::make_unique<Signals>();
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_BLOCK, &held, &signals_->mask);
  sigaction(SIGINT, nullptr, &signals_->interrupt);
  sigaction(SIGSEGV, nullptr, &signals_->fault);
}

SimulationLock::~SimulationLock() {
  sigaction(SIGINT, &signals_->interrupt, nullptr);
  sigaction(SIGSEGV, &signals_->fault, nullptr);
  pthread_sigmask(SIG_SETMASK, &signals_->mask, nullptr);
  state().running = false;
}

void SimulationLock::plugins_exist() { state().plugins = true; }
bool SimulationLock::calls_back() { return state().plugins; }

}  // namespace xensim::python
