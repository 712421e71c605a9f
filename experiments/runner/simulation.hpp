/// One run, from its configuration to its metrics.
#pragma once

#include <cstdint>

#include "core/trace.hpp"
#include "experiments/runner/experiment.hpp"
#include "results/run_result.hpp"

namespace xensim {

struct SimulationOptions {
  std::uint64_t seed = 1;
  TraceSink* trace = nullptr;  ///< not owned; null: no trace
  bool audit = false;          ///< audit every component after each scheduling pass
  bool explain = false;        ///< workloads that can count what lies behind their results report it too
  bool strict = false;         ///< no running ahead: every step through the calendar
};

/// Runs to the end of the measurement. Same experiment and options, same result to the last bit, in any
/// process. Throws SimulationError if an audit finds a contradiction, or if at the end a program of some
/// instance can never go on.
[[nodiscard]] RunResult simulate(const Experiment& experiment, const SimulationOptions& options = {});

}  // namespace xensim
