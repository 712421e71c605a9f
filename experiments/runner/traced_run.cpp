#include "experiments/runner/traced_run.hpp"

#include "core/error.hpp"
#include "results/traces/traces.hpp"

namespace xensim {

RunResult simulate_traced(const Experiment& experiment, SimulationOptions options,
                          const std::vector<std::string>& traces) {
  Traces files(traces);
  options.trace = &files;
  try {
    RunResult result = simulate(experiment, options);
    files.finish();
    return result;
  } catch (const SimulationError&) {
    try {
      files.finish();
    } catch (const InputError&) {  // the failure is the worse news
    }
    throw;
  }
}

}  // namespace xensim
