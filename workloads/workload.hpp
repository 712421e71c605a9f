/// A workload: the programs that one instance runs. One workload is one file that registers itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "core/registry.hpp"
#include "core/statistic.hpp"
#include "models/cpu/calibration.hpp"
#include "models/cpu/costs.hpp"
#include "models/cpu/processor_shape.hpp"
#include "models/guest/program.hpp"

namespace xensim {

/// What a workload may know about where it runs.
struct WorkloadContext {
  const ProcessorShape& shape;
  const Calibration& calibration;
  const ProcessorCosts& costs;
  bool explain = false;  ///< programs that can say what lies behind their results shall count it
};

/// What programs use of the kernel below them.
struct WorkloadNeeds {
  bool system_calls = true;          ///< false: they compute and sleep only, and need no memory
  bool network = false;              ///< they talk to others than themselves
  std::vector<std::string> files{};  ///< that the simulator reads for it, besides its constants

  std::vector<std::string> remarks{};  ///< what the user should know of its files: a sentence each

  void add(const WorkloadNeeds& other) {
    system_calls |= other.system_calls;
    network |= other.network;
    files.insert(files.end(), other.files.begin(), other.files.end());
    remarks.insert(remarks.end(), other.remarks.begin(), other.remarks.end());
  }
};

/// Made once per domain template; outlives its programs.
class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  /// The programs that instance number `instance` (from 0) of the template starts with; none: it idles.
  /// `random` belongs to this instance alone.
  [[nodiscard]] virtual std::vector<Program> programs(std::uint32_t instance, RandomStream& random) = 0;

  /// Known before anything runs.
  [[nodiscard]] virtual WorkloadNeeds needs() const { return {}; }
  /// What its programs have done until now was warm-up.
  virtual void measurement_begins() {}
  /// What its programs have measured themselves, at the end of a run; first what it is run for,
  /// since a summary shows three.
  virtual void report(StatisticSink& /*sink*/, const std::string& /*prefix*/) const {}
};

extern template class Registry<Workload, const WorkloadContext&>;
using WorkloadRegistry = Registry<Workload, const WorkloadContext&>;
template <class Variant, class Parameters>
using RegisterWorkload = Register<Workload, Variant, Parameters, const WorkloadContext&>;

}  // namespace xensim
