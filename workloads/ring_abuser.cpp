/// A domain whose driver has gone mad: it fills its ring with requests that make no sense, tells the monitor,
/// and begins again when all are refused.
#include "models/guest/processes/process_kernel.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic made_up{"made_up", "requests", counter, "requests without sense put into the ring"};
const Statistic notifications{"notifications", "hypercalls", counter, "times the monitor was told of them"};

struct RingAbuserParameters {
  Time pause{};
};
const auto parameters = ParameterTable<RingAbuserParameters>{}.add(
    "pause", &RingAbuserParameters::pause, "sleep between two rings full", "choice: none",
    {.minimum = Time{}, .maximum = 10s});

class RingAbuser final : public Workload {
 public:
  RingAbuser(const RingAbuserParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/ring_abuser", costs_,
                                [this](Self self, const Place&) { return misuse(self, *this); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, made_up, static_cast<double>(made_up_));
    sink.value(prefix, notifications, static_cast<double>(notifications_));
  }

 private:
  /// What makes the kernel's driver do so: a module that was loaded into it.
  static Call drive_mad() {
    return Call{Call::Kind::system,
                [](ProcessKernel& kernel, GuestProcess& caller) { return kernel.misuse_ring(caller); }};
  }

  static Program misuse(Self /*self*/, RingAbuser& abuser) {
    for (;;) {
      const std::int64_t made = co_await drive_mad();
      if (made > 0) {
        abuser.made_up_ += made;
        ++abuser.notifications_;
      }
      if (abuser.parameters_.pause > Time{}) co_yield Sleep{abuser.parameters_.pause};
    }
  }

  RingAbuserParameters parameters_;
  ProgramCosts costs_;
  std::int64_t made_up_ = 0, notifications_ = 0;
};

const RegisterWorkload<RingAbuser, RingAbuserParameters> registered{
    "ring_abuser", "puts nonsense into its disk's ring and notifies, without pause", parameters};

}  // namespace
}  // namespace xensim
