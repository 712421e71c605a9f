/// SPEC CINT2000: programs that compute for minutes in memory, each with its own cache behaviour.
///
/// What is modelled: run length, misses by cache size (hence how much of the L2 a program occupies, how
/// fast, and what it loses when others use it), TLB entries. What is left out: system calls and page
/// faults (below 1 % of its time), phases, contention of the two processors for the memory bus.
/// Numbers: calibration file, section spec_cint2000.
#include <numeric>

#include "workloads/spec_benchmark.hpp"

namespace xensim {
namespace {

struct SpecParameters {
  std::vector<std::string> programs = spec_cint2000_suite;
};

const auto parameters = ParameterTable<SpecParameters>{}.add(
    "programs", &SpecParameters::programs,
    "run one after another, over and over; each instance begins at a random point of the round",
    "SPEC CPU2000", {.choices = spec_cint2000_suite});

class SpecCint2000 final : public Workload {
 public:
  SpecCint2000(const SpecParameters& p, const WorkloadContext& context) {
    for (const std::string& name : p.programs) {
      benchmarks_.push_back(
          {.working_set = spec_working_set(name, context), .run_time = spec_run_time(name, context)});
    }
  }

  [[nodiscard]] WorkloadNeeds needs() const override { return {.system_calls = false}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& random) override {
    const Time round = std::accumulate(benchmarks_.begin(), benchmarks_.end(), Time{},
                                       [](Time sum, const Benchmark& b) { return sum + b.run_time; });
    std::vector<Program> all;
    all.push_back(run(*this, random.between(Time{}, round - Time{1})));
    return all;
  }

 private:
  struct Benchmark {
    WorkingSet working_set;
    Time run_time{};
  };

  static Program run(const SpecCint2000& self, Time start) {
    for (Time skip = start;; skip = Time{}) {
      for (const Benchmark& benchmark : self.benchmarks_) {
        const Time skipped = std::min(skip, benchmark.run_time);
        skip -= skipped;
        if (skipped < benchmark.run_time) {
          co_yield Compute{benchmark.run_time - skipped, &benchmark.working_set};
        }
      }
    }
  }

  std::vector<Benchmark> benchmarks_;
};

const RegisterWorkload<SpecCint2000, SpecParameters> registered{
    "spec_cint2000", "SPEC CINT2000 programs: memory-resident computation with real cache behaviour",
    parameters};

}  // namespace
}  // namespace xensim
