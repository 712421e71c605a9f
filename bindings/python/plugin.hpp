/// What schedulers and workloads written in Python have in common.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/parameter.hpp"
#include "core/parameter_info.hpp"
#include "core/time.hpp"

namespace xensim::python {

namespace py = pybind11;

/// JSON and the Python objects it stands for, by way of its text: exact for all numbers.
[[nodiscard]] py::object to_python(const Json& value);
[[nodiscard]] Json from_python(const py::object& value);

/// Python's times are whole nanoseconds. Down, so that a time handed back is not later than it was.
[[nodiscard]] std::int64_t to_nanoseconds(Time time);
/// Saturates: before the start is the start, beyond the range is `never`.
[[nodiscard]] Time from_nanoseconds(std::int64_t nanoseconds);
/// Throws InputError for an empty name and for that of a variant that is `built_in`.
void check_plugin_name(const std::string& kind, const std::string& name,
                       const std::vector<std::string>& built_in);

/// A callable registered under a name, and the parameters that an experiment may give it.
class Plugin {
 public:
  /// `defaults`: parameter -> default, from which it has its type. `make` is kept for ever: the registry
  /// outlives the interpreter.
  Plugin(std::string name, std::string help, const py::dict& defaults, py::object make);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& help() const { return help_; }
  [[nodiscard]] const std::vector<ParameterInfo>& parameters() const { return parameters_; }
  [[nodiscard]] py::handle make() const { return make_; }

  /// Whether anything in a configuration may be a plug-in: some text in it is the name of one. O(size).
  [[nodiscard]] static bool may_be_in(const Json& configuration);

  /// Throws InputError if `config` has an unknown parameter or one of another type than its default.
  void check(const Config& config) const;
  /// The parameters in `config`, for the call of `make`.
  [[nodiscard]] py::dict arguments(const Config& config) const;

 private:
  std::string name_, help_;
  std::vector<ParameterInfo> parameters_;
  py::handle make_;
};

/// Held while a simulation runs: SimGrid's engine exists once a process. Throws SimulationError if another
/// one is running. Ctrl-C, which SimGrid would end the process for, waits and is Python's again afterwards.
/// To be made and destroyed with the interpreter's lock held.
class SimulationLock {
 public:
  SimulationLock();
  SimulationLock(const SimulationLock&) = delete;
  SimulationLock& operator=(const SimulationLock&) = delete;
  ~SimulationLock();

  /// A plug-in was registered, so that simulations may call back.
  static void plugins_exist();
  /// Whether the interpreter's lock must be kept while a simulation runs.
  [[nodiscard]] static bool calls_back();

 private:
  struct Signals;
  std::unique_ptr<Signals> signals_;
};

void bind_scheduler(py::module_& module);
void bind_workload(py::module_& module);

}  // namespace xensim::python
