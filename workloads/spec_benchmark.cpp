#include "workloads/spec_benchmark.hpp"

#include <array>

namespace xensim {
namespace {

double constant(const std::string& benchmark, const char* what, const WorkloadContext& context) {
  return context.calibration.value("spec_cint2000.benchmarks." + benchmark + "." + what);
}

}  // namespace

WorkingSet spec_working_set(const std::string& benchmark, const WorkloadContext& context) {
  const auto misses = [&](const char* what) { return constant(benchmark, what, context); };
  const std::array measured{MissCurve::Point{Bytes{32 << 10}, misses("misses_32KiB")},
                            MissCurve::Point{Bytes{256 << 10}, misses("misses_256KiB")},
                            MissCurve::Point{Bytes{8 << 20}, misses("misses_8MiB")}};
  const auto pages = static_cast<std::uint32_t>(context.calibration.value("spec_cint2000.tlb_entries"));
  return WorkingSet::from_curve(MissCurve(measured), constant(benchmark, "cycles_per_instruction", context),
                                context.shape.clock, context.shape.line, context.shape.l2_lines,
                                context.costs.miss_price, pages);
}

double spec_reference_seconds(const std::string& benchmark, const WorkloadContext& context) {
  return constant(benchmark, "reference_time", context);
}

Time spec_run_time(const std::string& benchmark, const WorkloadContext& context) {
  // SPEC's score is 100 times reference time over run time.
  const double seconds =
      100 * spec_reference_seconds(benchmark, context) / context.calibration.value("spec_cint2000.score");
  return Time{static_cast<std::int64_t>(seconds * 1e3)} * 1'000'000'000;
}

}  // namespace xensim
