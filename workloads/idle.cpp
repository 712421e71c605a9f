/// An idle guest: a booted kernel whose daemons sleep. It only takes its timer ticks.
#include "workloads/workload.hpp"

namespace xensim {
namespace {

struct IdleParameters {};

class Idle final : public Workload {
 public:
  Idle(const IdleParameters& /*parameters*/, const WorkloadContext& /*context*/) {}
  [[nodiscard]] WorkloadNeeds needs() const override { return {.system_calls = false}; }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override { return {}; }
};

const RegisterWorkload<Idle, IdleParameters> registered{"idle", "a booted kernel with nothing to do",
                                                        ParameterTable<IdleParameters>{}};

}  // namespace
}  // namespace xensim
