/// A plain CPU hog: computes, optionally resting now and then.
#include "workloads/constant_data.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

struct CpuHogParameters {
  std::int64_t processes = 1;
  Bytes working_set{std::int64_t{4} << 10};
  Time burst = 1s;
  Time rest{};
};

const auto parameters =
    ParameterTable<CpuHogParameters>{}
        .add("processes", &CpuHogParameters::processes, "processes per instance", "choice",
             {.minimum = 1, .maximum = 10'000})
        .add("working_set", &CpuHogParameters::working_set, "data it uses all the time", "choice",
             {.minimum = Bytes{64}, .maximum = Bytes{std::int64_t{64} << 20}})
        .add("burst", &CpuHogParameters::burst, "computation between two rests", "choice", {.minimum = 1us})
        .add("rest", &CpuHogParameters::rest, "sleep after each burst (0 s: none)", "choice",
             {.minimum = Time{}});

class CpuHog final : public Workload {
 public:
  CpuHog(const CpuHogParameters& p, const WorkloadContext& context)
      : parameters_(p), working_set_(constant_data(p.working_set, context)) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.system_calls = false}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    for (std::int64_t i = 0; i < parameters_.processes; ++i) all.push_back(hog(*this));
    return all;
  }

 private:
  static Program hog(const CpuHog& self) {
    for (;;) {
      co_yield Compute{self.parameters_.burst, &self.working_set_};
      if (self.parameters_.rest > Time{}) co_yield Sleep{self.parameters_.rest};
    }
  }

  CpuHogParameters parameters_;
  WorkingSet working_set_;
};

const RegisterWorkload<CpuHog, CpuHogParameters> registered{"cpu_hog", "computes without end", parameters};

}  // namespace
}  // namespace xensim
