/// SPEC CINT2000: programs that compute for minutes in memory, each with its own cache behaviour.
///
/// What is modelled: run length, misses by cache size (hence how much of the L2 a program occupies, how
/// fast, and what it loses when others use it), TLB entries. What is left out: system calls and page
/// faults (below 1 % of its time), phases, contention of the two processors for the memory bus.
/// Numbers: calibration file, section spec_cint2000.
#include <numeric>

#include "workloads/workload.hpp"

namespace xensim {
namespace {

const std::vector<std::string> suite{"gzip", "vpr",     "gcc", "mcf",    "crafty", "parser",
                                     "eon",  "perlbmk", "gap", "vortex", "bzip2",  "twolf"};

struct SpecParameters {
  std::vector<std::string> programs = suite;
};

const auto parameters = ParameterTable<SpecParameters>{}.add(
    "programs", &SpecParameters::programs,
    "run one after another, over and over; each instance begins at a random point of the round",
    "SPEC CPU2000", {.choices = suite});

class SpecCint2000 final : public Workload {
 public:
  SpecCint2000(const SpecParameters& p, const WorkloadContext& context) {
    const Calibration& calibration = context.calibration;
    const auto pages = static_cast<std::uint32_t>(calibration.value("spec_cint2000.tlb_entries"));
    for (const std::string& name : p.programs) {
      const auto constant = [&](const char* what) {
        return calibration.value("spec_cint2000.benchmarks." + name + "." + what);
      };
      const std::array measured{MissCurve::Point{Bytes{32 << 10}, constant("misses_32KiB")},
                                MissCurve::Point{Bytes{256 << 10}, constant("misses_256KiB")},
                                MissCurve::Point{Bytes{8 << 20}, constant("misses_8MiB")}};
      // SPEC's score is 100 times reference time over run time.
      const double seconds = 100 * constant("reference_time") / calibration.value("spec_cint2000.score");
      benchmarks_.push_back({.working_set = WorkingSet::from_curve(
                                 MissCurve(measured), constant("cycles_per_instruction"), context.shape.clock,
                                 context.shape.line, context.shape.l2_lines, context.costs.miss_price, pages),
                             .run_time = Time{static_cast<std::int64_t>(seconds * 1e3)} * 1'000'000'000});
    }
  }

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
