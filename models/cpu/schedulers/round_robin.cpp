/// `round-robin`: fixed slices in turn.
///
/// Modelled: Xen 2.0's round robin as coded, from a description. A vCPU that wakes goes to the *head* of
/// the queue and does not cut the current slice short; one whose slice ends goes to the tail. So frequent
/// sleepers can starve the others. Weights and warps are ignored, as there.
/// Left out: Xen 2.0's ticks. Domains have the timer events of the platform, which wake all that are blocked;
/// Xen 2.0 sends them to the running domain only.
#include <fmt/format.h>

#include <boost/intrusive/list.hpp>
#include <vector>

#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/schedulers/vcpu_table.hpp"

namespace xensim {
namespace {

struct RoundRobinParameters {
  Time slice = 10ms;
};
const auto parameters = ParameterTable<RoundRobinParameters>{}.add(
    "slice", &RoundRobinParameters::slice, "length of a turn", "Xen 2.0's default", {.minimum = 10us});

class RoundRobin final : public Scheduler {
 public:
  RoundRobin(const RoundRobinParameters& chosen, std::size_t cpus) : slice_(chosen.slice), cpus_(cpus) {}

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare&, Time) override {
    Vcpu& v = vcpus_.add(vcpu);
    v.id = vcpu;
    v.cpu = cpu;
  }
  void remove(VcpuId vcpu, Time) override { vcpus_[vcpu].unlink(); }
  void adjust(VcpuId, const SchedulingShare&, Time) override {}
  [[nodiscard]] bool set_slice(Time slice) override {
    slice_ = slice;
    return true;
  }
  void sleep(VcpuId vcpu, Time) override { vcpus_[vcpu].unlink(); }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    Processor& p = cpus_[v.cpu.value];
    p.queue.push_front(v);
    return p.current ? never : now;
  }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time) override {
    Processor& p = cpus_[cpu.value];
    if (p.current && current_runnable) p.queue.push_back(*p.current);
    p.current = p.queue.empty() ? nullptr : &p.queue.front();
    if (p.current) p.current->unlink();
    return {.next = p.current ? p.current->id : VcpuId{}, .slice = slice_, .scanned = 1};
  }

  [[nodiscard]] std::string audit() const override {
    for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) {
      for (const Vcpu& v : cpus_[cpu].queue) {
        if (v.cpu.value != cpu) return fmt::format("vCPU {} queued by processor {}", v.id.value, cpu);
      }
    }
    return {};
  }

 private:
  using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  struct Vcpu : Hook {
    VcpuId id;
    CpuId cpu;
  };
  struct Processor {
    boost::intrusive::list<Vcpu, boost::intrusive::constant_time_size<false>> queue;
    Vcpu* current = nullptr;
  };

  Time slice_;
  std::vector<Processor> cpus_;
  VcpuTable<Vcpu> vcpus_;  // destroyed before the queues they are linked into
};

const RegisterScheduler<RoundRobin, RoundRobinParameters> registered{
    "round-robin", "fixed slices in turn, as coded in Xen 2.0", parameters};

}  // namespace
}  // namespace xensim
