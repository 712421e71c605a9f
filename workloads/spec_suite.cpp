/// SPEC CINT2000 as it is scored: the whole suite once, one program after another.
///
/// Run times are scaled down: each program computes for the same share of its real run time, long against
/// everything that interrupts it.
#include "models/guest/processes/self.hpp"
#include "workloads/instances.hpp"
#include "workloads/spec_benchmark.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic score{
    "score", "1", summary,
    "geometric mean of 100 times reference time over run time; run times scaled up again; of "
    "several instances, the mean once all have finished"};

struct SuiteParameters {
  std::int64_t scale = 100;
};
const auto parameters = ParameterTable<SuiteParameters>{}.add(
    "scale", &SuiteParameters::scale, "run times are shorter than the real ones by this",
    "choice: seconds instead of minutes", {.minimum = 1, .maximum = 100000});

/// By arithmetic that gives the same bits on every machine.
double twelfth_root(double value) {
  double root = 1;
  for (int step = 0; step < 200; ++step) {
    double power = 1;
    for (int i = 0; i < 11; ++i) power *= root;
    root += (value / power - root) / 12;
  }
  return root;
}

class SpecSuite final : public Workload {
 public:
  SpecSuite(const SuiteParameters& p, const WorkloadContext& context) : scale_(p.scale) {
    for (const std::string& name : spec_cint2000_suite) {
      benchmarks_.push_back({.working_set = spec_working_set(name, context),
                             .work = spec_run_time(name, context) / p.scale,
                             .reference = spec_reference_seconds(name, context)});
    }
  }

  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(run(*this, instances_.add(instance)));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    instances_.report(sink, prefix, score, [this](const Ratios& ratios) -> std::optional<double> {
      if (ratios.size() < benchmarks_.size()) return std::nullopt;
      double product = 1;
      for (const double ratio : ratios) product *= ratio / 100;
      return 100 * twelfth_root(product);
    });
  }

 private:
  struct Benchmark {
    WorkingSet working_set;
    Time work{};
    double reference = 0;  ///< s
  };

  using Ratios = std::vector<double>;  ///< of the programs that are done

  static Program run(const SpecSuite& suite, Ratios& ratios) {
    for (const Benchmark& benchmark : suite.benchmarks_) {
      const std::int64_t begin = co_await Self{}.clock();
      co_yield Compute{benchmark.work, &benchmark.working_set};
      const Time took = Time{co_await Self{}.clock() - begin} * suite.scale_;
      ratios.push_back(100 * benchmark.reference / to_seconds(took));
    }
  }

  std::int64_t scale_;
  std::vector<Benchmark> benchmarks_;
  Instances<Ratios> instances_;
};

const RegisterWorkload<SpecSuite, SuiteParameters> registered{
    "spec_suite", "SPEC CINT2000 as it is scored: the whole suite once", parameters};

}  // namespace
}  // namespace xensim
