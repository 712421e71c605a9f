/// Xen 1.0 on the simulated machine: its paths in their order, with their time.
#pragma once

#include <algorithm>
#include <boost/dynamic_bitset.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/statistic.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/timers.hpp"
#include "models/guest/kernel/kernel_path_costs.hpp"
#include "models/host/monitor/domain.hpp"
#include "models/host/monitor/monitor_block.hpp"
#include "models/host/monitor/monitor_network.hpp"
#include "models/host/monitor/monitor_space.hpp"
#include "models/host/platform.hpp"
#include "models/host/user_execution.hpp"
#include "models/host/xen/xen_memory.hpp"

namespace xensim {

struct MonitorParameters : XenMemoryParameters, DeviceChoices {
  MonitorParameters() = default;  // as an aggregate with two strings it has GCC 12 warn of uninitialised ones

  Time tick = 20ms;                ///< period of the timer event to every domain
  std::string build = "at once";   ///< how domains come into being
  bool count_memory = false;       ///< report what the monitor keeps for a domain
  std::int64_t nic_processor = 0;  ///< that the network interface interrupts
  Bytes credit_bytes{65536};       ///< that a domain's interface may send in each of the next
  Time credit_interval{};          ///< 0: as much as it can
};

/// The monitor and the processors it drives. Each pass through `step` is one item of the exit path of
/// Xen 1.0: interrupts, softirqs (timers), hypervisor events (reschedule), guest events, return to the guest.
/// What a step does to shared structures happens at its beginning, its time passes afterwards: so the
/// scheduling policy, which all processors call, sees times that never decrease.
class Monitor final : private NetworkHost {
 public:
  Monitor(const MonitorParameters& parameters, const HostContext& context,
          std::unique_ptr<Scheduler> scheduler);
  ~Monitor() override;
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Where a domain is until it is moved: on the processors in turn, domain 0 on the first.
  [[nodiscard]] static CpuId home(VcpuId vcpu, std::uint32_t cpus) { return {vcpu.value % cpus}; }
  /// Creates a domain, places it at its home and starts its programs.
  VcpuId start_domain(std::vector<Program> programs, const SchedulingShare& share);

  // What domain 0 may ask for, on its processor and at its time (monitor_control.cpp).
  /// The number of the domain that is created next.
  [[nodiscard]] DomainId next_domain() const { return {static_cast<std::uint32_t>(domains_.size())}; }
  /// A domain that has no memory and is suspended.
  VcpuId create_domain(const SchedulingShare& share);
  /// One entry of domain 0 into the monitor, of so much work.
  void charge_control(const PagingCall& call, Cycles operation);
  /// What domain 0 asked for is done, and its hypercall returns.
  void return_from_control();
  /// A suspended domain goes on.
  void unpause(VcpuId vcpu);
  /// The domain stops, or dies, as soon as it has the processor; a suspended one dies at once.
  void pause(VcpuId vcpu);
  void destroy(VcpuId vcpu);
  void adjust(VcpuId vcpu, const SchedulingShare& share);
  [[nodiscard]] bool set_slice(Time slice);
  /// Changes of a domain's devices. False: it has no such device, or not this size.
  [[nodiscard]] bool limit_network(VcpuId vcpu, Bytes bytes, Time interval);
  [[nodiscard]] bool connect(VcpuId vcpu, bool connected);
  [[nodiscard]] bool resize_disk(VcpuId vcpu, Bytes size);
  /// Has the domain's balloon leave it so much memory. False: it has none, or may never have so much.
  [[nodiscard]] bool set_memory(VcpuId vcpu, Bytes size);
  /// Rules of the firewall-router that match no packet: every packet is held against them.
  [[nodiscard]] bool add_rules(std::uint32_t count);
  [[nodiscard]] Domain& domain(VcpuId vcpu) { return domains_[vcpu.value]; }
  [[nodiscard]] std::size_t living() const { return living_; }
  /// Made when it is first asked for.
  [[nodiscard]] MonitorMemory& memory();
  [[nodiscard]] bool has_memory() const { return memory_ != nullptr; }

  /// An event for a domain reaches the machine at the calendar's present: the first processor is interrupted.
  void arrive(VcpuId vcpu, EventBit event);
  /// As Platform::probe.
  void probe(VcpuId vcpu, Platform::Answer answered);

  void settle();
  [[nodiscard]] const Domain& domain(VcpuId vcpu) const { return domains_[vcpu.value]; }
  /// As Platform::divide_times.
  void divide_times(VcpuId vcpu) {
    Domain& its = domains_[vcpu.value];
    its.kernel.divide_times(1, std::min(its.ended, calendar_.now()));
  }
  /// As Platform::mark_times and elapsed_at_marks; a domain has the marks since it was built.
  void mark_times(VcpuId vcpu) {
    Domain& its = domains_[vcpu.value];
    its.kernel.mark_times(1, std::min(its.ended, calendar_.now()));
  }
  [[nodiscard]] std::vector<LifeTimes> elapsed_at_marks(VcpuId vcpu) const {
    return domains_[vcpu.value].kernel.elapsed_at_marks(1);
  }
  /// Where the lives of the processes that it was started with, and of their children, have gone.
  [[nodiscard]] LifeTimes times(VcpuId vcpu) const {
    const Domain& its = domains_[vcpu.value];
    return its.kernel.times(1, std::min(its.ended, calendar_.now()));
  }
  /// Where their time has gone, by the clock.
  [[nodiscard]] LifeTimes elapsed(VcpuId vcpu) const {
    const Domain& its = domains_[vcpu.value];
    return its.kernel.elapsed(1, std::min(its.ended, calendar_.now()));
  }
  /// As Platform::measurement_begins.
  void measurement_begins();
  void report(StatisticSink& sink, const std::string& prefix) const;
  /// What it keeps of its own memory for a domain that exists.
  [[nodiscard]] std::vector<MonitorStructure> structures(VcpuId vcpu) const;
  /// As ProcessKernel::deadlock, of the programs that the domain was started with.
  [[nodiscard]] std::string deadlock(VcpuId vcpu) const { return domains_[vcpu.value].deadlock(); }
  [[nodiscard]] std::string audit() const;

  /// For domains: the processor they run on, the hypercall that changes their address space, memory and a
  /// drive for their processes.
  [[nodiscard]] Processor& processor(CpuId cpu);
  void switch_address_space(Domain& domain);
  [[nodiscard]] std::unique_ptr<XenMemory> give_memory(Domain& domain);
  [[nodiscard]] std::unique_ptr<BlockFront> give_disk(Domain& domain, XenMemory& memory);
  [[nodiscard]] std::unique_ptr<XenNetwork> give_network(Domain& domain, XenMemory& memory);
  [[nodiscard]] const MonitorParameters& parameters() const { return parameters_; }
  [[nodiscard]] const KernelPathCosts& path_costs() const { return path_costs_; }

 private:
  struct Core;
  struct Arrival {
    VcpuId vcpu;
    EventBit event{};
  };
  Domain& add_domain(const SchedulingShare& share, Domain::State state);
  [[nodiscard]] Core& control_core();
  void ask_hypervisor_event(Domain& domain);
  /// The current domain takes its hypervisor event.
  void stop_or_die(Core& core);
  void die(Core& core, Domain& domain);
  void let_go(Core& core);
  /// No device works for it any more: its memory may go.
  [[nodiscard]] bool quiet(DomainId domain) const;
  void bury(Core& core, Domain& domain);
  void answer_probes(Core& core, Domain& domain);
  void report_space(StatisticSink& sink, const std::string& prefix) const;
  void on_interrupt(Core& core);
  void run(Core& core);
  void step(Core& core);
  /// On the exit path, in the order of next_exit_step().
  void take_exit_step(Core& core);

  void take_interrupt(Core& core);
  [[nodiscard]] bool softirq_pending(const Core& core) const;
  /// The lowest one.
  void run_softirq(Core& core);
  /// A path that calls handlers, without these.
  void go_around(Core& core, FootprintId code, const CodePath& path);
  void run_timers(Core& core);
  void run_due_timers(Core& core, Time now);
  void schedule(Core& core);
  void migrate(Domain& domain, Core& core);
  void switch_to(Core& core, Domain* next);
  void use_lines(Core& core, std::uint32_t lines);
  void return_to_guest(Core& core);
  /// A hypercall is done. True: there is something for the exit path, by which the
  /// kernel goes when its present step ends.
  bool ask_exit(Core& core, const Domain& caller);
  void run_guest_kernel(Core& core);

  // What the network needs.
  [[nodiscard]] Processor& processor_of(CpuId cpu) override { return processor(cpu); }
  void network_interrupt(CpuId cpu) override;
  void network_event(CpuId here, DomainId domain) override;
  void network_timer(CpuId here, Time at) override;
  void interrupt_to_flush(CpuId here, CpuId there, Cycles time) override;
  void start_network(Switch& outside);
  /// Hypercalls for devices: the way into the monitor, on the caller's processor, and back.
  Core& enter_by_hypercall(Domain& caller);
  void leave_hypercall(Core& core, const Domain& caller);
  /// Hypercall net_update, from its entry to its exit.
  void update_network(Domain& domain);
  void block_io_op(Domain& domain);
  void run_block(Core& core);
  void take_disk_interrupt(Core& core);
  void send_block_events(Core& core);

  void tick(Core& core, Time now);
  void wake(Domain& domain, Core* waker, Time now);
  /// A scheduling pass is due on `target` at `due` (see Scheduler::wake). `asker` executes; null: outside.
  void request_pass(Core& target, Time due, Core* asker, Time now);
  /// One of `target`'s timers expires at another time than its APIC is programmed for.
  void timer_moved(Core& target, Core* asker, Time now);
  /// As Scheduler::also_due says.
  void request_passes_elsewhere(Core* asker, Time now);
  void send_ipi(Core& target, Core* sender, Time now);
  void send_event(Core& core, Domain& domain, EventBit event);
  void see_ticks(Domain& domain) const;
  [[nodiscard]] Core& core_of(const Domain& domain) { return *cores_[domain.cpu.value]; }
  void trace(const Core& core, Time at, TraceKind kind, VcpuId vcpu, std::int64_t argument = 0) const;
  [[nodiscard]] std::string audit(const Domain& domain) const;
  [[nodiscard]] std::string audit_memory() const;

  MonitorParameters parameters_;
  const HostContext context_;
  Calendar& calendar_;
  MonitorCosts costs_;
  GuestCosts guest_costs_;
  KernelPathCosts path_costs_;
  Time ipi_latency_;
  TraceSink* trace_;
  bool audit_;
  std::unique_ptr<Scheduler> scheduler_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::unique_ptr<MonitorMemory> memory_;    ///< null as long as no domain's programs need more than time
  std::unique_ptr<MonitorBlock> block_;      ///< null as long as no domain has a disk
  std::unique_ptr<MonitorNetwork> network_;  ///< null without a network
  std::deque<Domain> domains_;               ///< by VcpuId; a deque keeps them where they are
  boost::dynamic_bitset<> blocked_;          ///< by VcpuId
  std::size_t living_ = 0;                   ///< domains, domain 0 among them
  std::vector<VcpuId> dying_;                ///< in the order of their deaths
  std::uint64_t ticks_ = 0;
  std::uint32_t footprints_ = 0;
  FootprintId task_list_;  ///< the structures that the tick walks over, in the caches
  FootprintId interrupt_code_, softirq_code_;
};

}  // namespace xensim
