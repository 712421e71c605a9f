/// A fork bomb: every process forks without end.
#include "models/guest/memory/area.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

struct ForkBombParameters {
  std::int64_t pages = 4;
  Time delay{};
};
const auto parameters =
    ParameterTable<ForkBombParameters>{}
        .add("pages", &ForkBombParameters::pages, "of its own that each process writes when it is born",
             "choice: stack, data, bss and the C library's data, as any forked process writes",
             {.minimum = 1, .maximum = 4})
        .add("delay", &ForkBombParameters::delay,
             "before its first fork, as others that begin earlier keep what they have by then",
             "choice: the paper does not say in which order its bombs begin", {.minimum = 0s});

/// Where fork fails, it is tried again at once.
Program fork_for_ever(Self self, Place place, std::int64_t pages, Time delay) {
  const std::vector<Address> all{place.stack, place.data, place.bss, place.libc_data};
  const std::vector<Address> own(all.begin(), all.begin() + pages);
  const Self::Body child = [place, pages](Self born) { return fork_for_ever(born, place, pages, {}); };
  if (delay > Time{}) co_yield Sleep{delay};
  co_await self.touch(own, Access::write);
  for (;;) {
    co_await self.fork(child);
    co_await self.touch(place.stack, 1, Access::write);
  }
}

class ForkBomb final : public Workload {
 public:
  ForkBomb(const ForkBombParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/fork_bomb", costs_, [p = parameters_](Self self, const Place& place) {
      return fork_for_ever(self, place, p.pages, p.delay);
    }));
    return all;
  }

 private:
  ForkBombParameters parameters_;
  ProgramCosts costs_;
};

const RegisterWorkload<ForkBomb, ForkBombParameters> registered{
    "fork_bomb", "every process forks without end", parameters};

}  // namespace
}  // namespace xensim
