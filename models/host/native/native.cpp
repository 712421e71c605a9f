/// Native Linux 2.4 on the bare machine: one kernel, uniprocessor or SMP, shared by all instances.
///
/// Timers: on SMP the PIT interrupts processor 0 every 10 ms for the time of day, and each processor's
/// local APIC, out of phase with the others, charges its ticks; on UP the PIT does both.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/kernel/kernel_path_costs.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/host/native/native_memory.hpp"
#include "models/host/native/native_needs.hpp"
#include "models/host/native/native_network.hpp"
#include "models/host/platform.hpp"
#include "models/host/user_execution.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic process_switches{"process_switches", "switches", counter, "switches between processes"};
const Statistic timer_ticks{"timer_ticks", "ticks", counter, "ticks of the kernel's time of day"};

const auto parameters = with_devices(ParameterTable<NativeParameters>{}.add(
    "smp", &NativeParameters::smp, "SMP kernel on all processors; false: UP kernel on the first",
    "Barham et al., SOSP 2003, section 4"));

class Native final : public Platform, private VirtualMachine {
 public:
  Native(const NativeParameters& p, const HostContext& context);

  void start(std::vector<Program> programs, const SchedulingShare& share) override;
  void settle() override;
  void divide_times(std::uint32_t instance) override { kernel_->divide_times(instance + 1, calendar_.now()); }
  [[nodiscard]] LifeTimes times(std::uint32_t instance) const override {
    return kernel_->times(instance + 1, calendar_.now());
  }
  [[nodiscard]] LifeTimes elapsed(std::uint32_t instance) const override {
    return kernel_->elapsed(instance + 1, calendar_.now());
  }
  void mark_times(std::uint32_t instance) override { kernel_->mark_times(instance + 1, calendar_.now()); }
  [[nodiscard]] std::vector<LifeTimes> elapsed_at_marks(std::uint32_t instance) const override {
    return kernel_->elapsed_at_marks(instance + 1);
  }
  [[nodiscard]] Ipv4Address address(std::uint32_t /*instance*/) const override { return address_; }
  void report(StatisticSink& sink, const std::string& prefix) const override;
  [[nodiscard]] std::string deadlock(std::uint32_t instance) const override {
    return processes_ ? processes_->deadlock(instance + 1) : std::string{};
  }
  [[nodiscard]] std::string audit() const override;

 private:
  /// One processor: what it is doing and the interrupts that wait for it.
  struct Core {
    enum class Mode : std::uint8_t { idle, kernel, user };
    Core(Native& owner, CpuId id, const HostContext& context);
    void on_resume() {
      processor.clock.resumed();
      host.run(*this);
    }
    void on_completion() {
      execution.end(host.calendar_.now(), true);
      mode = Mode::kernel;
      on_resume();
    }
    void on_tick() {
      host.calendar_.schedule(tick, host.calendar_.now() + GuestKernel::tick_length);
      tick_waits = true;
      host.interrupt(*this);
    }
    void on_pit() {
      host.calendar_.schedule(pit, host.calendar_.now() + GuestKernel::tick_length);
      pit_waits = true;
      host.interrupt(*this);
    }
    void on_disk() {
      disk_waits = true;
      host.interrupt(*this);
    }
    void on_nic() {
      nic_waits = true;
      host.interrupt(*this);
    }
    void on_kick() {
      kick_waits = true;
      host.interrupt(*this);
    }

    Native& host;
    Event resume, completion, tick, pit, kick;
    Processor processor;
    UserExecution execution;
    Mode mode = Mode::idle;
    bool tick_waits = false, pit_waits = false, kick_waits = false, disk_waits = false, nic_waits = false;
    bool softirq_deferred = false;  ///< the network's has had its share: the rest is ksoftirqd's
  };

  [[nodiscard]] Processor& processor(unsigned vcpu) override { return cores_[vcpu]->processor; }
  void switch_address_space(unsigned vcpu) override;
  void kick(unsigned vcpu, unsigned target) override;
  [[nodiscard]] ProcessKernel& processes() override;
  [[nodiscard]] GuestDisk* disk(unsigned index) override {
    return index < disks_.size() ? disks_[index].get() : nullptr;
  }
  [[nodiscard]] NetworkDevice* network() override { return network_.get(); }
  [[nodiscard]] Ipv4Address network_address() const override { return address_; }
  [[nodiscard]] Bytes swap_size() const override { return parameters_.swap; }
  [[nodiscard]] Bytes file_system_size() const override { return parameters_.file_system; }

  [[nodiscard]] static Core::Mode mode_after(GuestKernel::Next next) {
    using enum Core::Mode;
    return next == GuestKernel::Next::user ? user : next == GuestKernel::Next::kernel ? kernel : idle;
  }
  void interrupt(Core& core);
  void run(Core& core);
  void take_interrupt(Core& core);
  /// The I/O APIC gives the first processor all interrupts of devices, and it runs their softirqs.
  [[nodiscard]] bool polls(const Core& core) const {
    return network_ && network_->scheduled() && &core == cores_[0].get() && !core.softirq_deferred &&
           !softirq_daemon_->in_softirq();
  }
  void poll(Core& core);
  [[nodiscard]] SoftirqDaemon::Step poll_in_daemon(unsigned vcpu);
  [[nodiscard]] bool runs_softirq_daemon(unsigned vcpu) const {
    return softirq_daemon_ != nullptr && softirq_daemon_->id().valid() &&
           kernel_->current(vcpu) == softirq_daemon_->id();
  }
  void make_disks();

  Calendar& calendar_;
  ProcessorShape shape_;
  const ProcessorCosts& processor_costs_;
  GuestCosts costs_;
  Time ipi_latency_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::uint32_t footprints_ = 0;
  std::unique_ptr<GuestKernel> kernel_;
  Bytes memory_size_;
  KernelPathCosts path_costs_;
  NativeParameters parameters_;
  DiskParameters drive_;
  Ipv4Address address_;
  std::unique_ptr<NativeNetwork> network_;  ///< null without a network
  // Disks, memory and processes are made when a program first needs more than the scheduler.
  std::vector<std::unique_ptr<BlockDevice>> disks_;
  std::unique_ptr<NativeMemory> memory_;
  std::unique_ptr<ProcessKernel> processes_;
  SoftirqDaemon* softirq_daemon_ = nullptr;  ///< null without a network, and before that is open
  std::vector<std::vector<ProcessId>> instances_;
  TraceSink* trace_;
};

Native::Core::Core(Native& owner, CpuId id, const HostContext& context)
    : host(owner),
      resume(Event::calling<&Core::on_resume>(*this)),
      completion(Event::calling<&Core::on_completion>(*this)),
      tick(Event::calling<&Core::on_tick>(*this)),
      pit(Event::calling<&Core::on_pit>(*this)),
      kick(Event::calling<&Core::on_kick>(*this)),
      processor(id, context.shape, context.costs, context.survival, context.calendar, resume, context.strict),
      execution(processor, context.calendar, completion) {}

Native::Native(const NativeParameters& p, const HostContext& context)
    : calendar_(context.calendar),
      shape_(context.shape),
      processor_costs_(context.costs),
      costs_(context.calibration, context.costs),
      ipi_latency_(CycleClock(context.shape.clock).convert(context.costs.ipi_delivery)),
      memory_size_(context.memory),
      path_costs_(kernel_path_costs(context.calibration, context.costs)),
      parameters_(p),
      drive_(context.calibration),
      address_(context.address),
      trace_(context.trace) {
  const unsigned processors = p.smp ? context.cpus : 1;
  if (processors > NativeNeeds::most_processors) {
    throw InputError({}, fmt::format("an SMP kernel on {} processors", processors),
                     fmt::format("at most {}", NativeNeeds::most_processors));
  }
  for (unsigned i = 0; i < processors; ++i)
    cores_.push_back(std::make_unique<Core>(*this, CpuId{i}, context));
  const auto new_footprint = [this] { return FootprintId{footprints_++}; };
  VirtualMachine& machine = *this;
  kernel_ = std::make_unique<GuestKernel>(machine, processors, costs_, new_footprint(), new_footprint,
                                          calendar_.now());
  if (trace_ != nullptr) kernel_->trace_to(*trace_);
  if (context.network != nullptr) {
    const NativeNetwork::Options options{.mac = context.interface, .mtu = static_cast<std::uint32_t>(p.mtu)};
    network_ = std::make_unique<NativeNetwork>(calendar_, context.calibration, machine, options,
                                               [this] { cores_[0]->on_nic(); });
    network_->nic().connect(context.network->attach(network_->nic()));
    network_->nic().trace_to(trace_, "eth0");
  }
  calendar_.schedule(cores_[0]->pit, GuestKernel::tick_length);
  if (processors == 1) return;
  for (unsigned i = 0; i < processors; ++i) {
    calendar_.schedule(cores_[i]->tick, GuestKernel::tick_length * (i + 1) / (processors + 1));
  }
}

void Native::start(std::vector<Program> programs, const SchedulingShare& /*share*/) {
  std::vector<ProcessId>& processes = instances_.emplace_back();
  for (Program& program : programs) {
    const GuestKernel::Started started = kernel_->start(std::move(program), calendar_.now(),
                                                        static_cast<TimeLedger::Group>(instances_.size()));
    processes.push_back(started.process);
    if (started.reschedule) {
      Core& target = *cores_[*started.reschedule];
      if (!target.kick.pending()) calendar_.schedule(target.kick, calendar_.now());
    }
  }
}

void Native::switch_address_space(unsigned vcpu) {
  Processor& processor = cores_[vcpu]->processor;
  if (!processes_) processor.charge(Activity::kernel, processor_costs_.address_space_load);
  if (processes_ && processes_->switch_to(vcpu, *kernel_->current(vcpu))) {
    processor.use_modelled_tlb();
  } else {
    processor.flush_tlb();
  }
}

void Native::kick(unsigned vcpu, unsigned target) {
  Core& core = *cores_[target];
  Processor& sender = cores_[vcpu]->processor;
  sender.charge(Activity::kernel, processor_costs_.apic_program);
  if (!core.kick.pending()) calendar_.schedule(core.kick, sender.clock.local() + ipi_latency_);
}

ProcessKernel& Native::processes() {
  if (!processes_) {
    const auto count = static_cast<unsigned>(cores_.size());
    const auto pages = static_cast<std::uint32_t>(memory_size_.count / page_size);
    VirtualMachine& machine = *this;
    memory_ = std::make_unique<NativeMemory>(machine, shape_, count, pages, processor_costs_.invalidate_page);
    make_disks();
    processes_ = std::make_unique<ProcessKernel>(*kernel_, machine, *memory_, path_costs_,
                                                 KernelBuild{.smp = count > 1}, pages);
    if (network_) {
      softirq_daemon_ = &processes_->give_softirq(0, [this](unsigned vcpu) { return poll_in_daemon(vcpu); });
      network_->open(0, processes_->context(), processes_->memory());
    }
  }
  return *processes_;
}

void Native::make_disks() {
  for (std::uint32_t i = 0; i < parameters_.disks; ++i) {
    // The I/O APIC gives the first processor all interrupts of devices.
    disks_.push_back(make_disk(parameters_, i, drive_, calendar_, [this] { cores_[0]->on_disk(); }));
    if (trace_ == nullptr) continue;
    disks_.back()->observe([this, i](const DiskRequest& request, Time began) {
      trace_->disk(record_of(request, i, began, calendar_.now()));
    });
  }
}

void Native::interrupt(Core& core) {
  if (core.execution.interrupt()) run(core);
}

void Native::run(Core& core) {
  const unsigned vcpu = core.processor.id().value;
  while (core.processor.clock.may_step()) {
    if (core.tick_waits || core.pit_waits || core.kick_waits || core.disk_waits || core.nic_waits) {
      take_interrupt(core);
      core.mode = Core::Mode::kernel;
      core.softirq_deferred = false;
    } else if (polls(core)) {
      poll(core);
    } else if (core.mode == Core::Mode::kernel) {
      core.mode = mode_after(kernel_->return_to_user(vcpu));
      // System calls that use sockets run softirqs that wait when they allow them again.
      if (core.mode == Core::Mode::kernel && !runs_softirq_daemon(vcpu)) core.softirq_deferred = false;
    } else {
      const Event& timer = core.tick.pending() ? core.tick : core.pit;
      if (core.mode == Core::Mode::user)
        core.execution.begin(*kernel_, vcpu, timer.pending() ? timer.when() : never);
      return;
    }
  }
}

void Native::take_interrupt(Core& core) {
  using enum GuestKernel::TimerDuty;
  Processor& processor = core.processor;
  const Processor::Interrupted interrupted(processor);
  const unsigned vcpu = processor.id().value;
  const Time now = processor.clock.local();
  processor.charge(Activity::kernel, costs_.interrupt_entry);
  if (core.pit_waits) {
    core.pit_waits = false;
    kernel_->timer(vcpu, now, cores_.size() == 1 ? keep_time_and_charge : keep_time);
  } else if (core.tick_waits) {
    core.tick_waits = false;
    kernel_->timer(vcpu, now, charge);
  } else if (core.disk_waits) {
    core.disk_waits = false;
    processes_->disk_interrupt(vcpu);
  } else if (core.nic_waits) {
    core.nic_waits = false;
    processes_->run_on(vcpu);
    network_->interrupt(vcpu);
  } else {
    core.kick_waits = false;
  }
  processor.charge(Activity::kernel, costs_.interrupt_exit);
}

void Native::poll(Core& core) {
  const Processor::Interrupted interrupted(core.processor);
  const unsigned vcpu = core.processor.id().value;
  processes_->run_on(vcpu);
  core.softirq_deferred = network_->poll(vcpu) == NativeNetwork::Polled::exhausted;
  if (core.softirq_deferred) softirq_daemon_->wake();
  core.mode = Core::Mode::kernel;
}

SoftirqDaemon::Step Native::poll_in_daemon(unsigned vcpu) {
  using enum SoftirqDaemon::Step;
  if (!network_->scheduled()) return done;
  processes_->run_on(vcpu);
  switch (network_->poll(vcpu)) {
    case NativeNetwork::Polled::more:
      return more;
    case NativeNetwork::Polled::exhausted:
      cores_[vcpu]->softirq_deferred = true;  // it goes on itself
      return exhausted;
    case NativeNetwork::Polled::done:
      break;
  }
  return done;
}

void Native::settle() {
  for (const auto& core : cores_) {
    core->execution.settle(calendar_.now());
    if (core->mode == Core::Mode::idle) core->processor.idle_until(calendar_.now());
  }
}

void Native::report(StatisticSink& sink, const std::string& prefix) const {
  for (const auto& core : cores_) {
    core->processor.report(sink, fmt::format("{}cpu{}/", prefix, core->processor.id().value));
  }
  sink.value(prefix, process_switches, static_cast<double>(kernel_->switches()));
  sink.value(prefix, timer_ticks, static_cast<double>(kernel_->ticks()));
  if (network_) network_->nic().report(sink, prefix);
  if (processes_) processes_->report(sink, prefix);
}

std::string Native::audit() const {
  for (const auto& core : cores_) {
    if (std::string fault = core->processor.audit(); !fault.empty()) return fault;
  }
  if (processes_) {
    for (std::string fault :
         {memory_->audit(), processes_->audit(), network_ ? network_->audit() : std::string{}}) {
      if (!fault.empty()) return fault;
    }
  }
  return kernel_->audit();
}

const Register<Platform, Native, NativeParameters, const HostContext&> registered{
    "native", "Linux 2.4 on the bare machine", parameters};

const Register<PlatformNeeds, NativeNeeds, NativeParameters, const HostPlan&> needs_registered{"native", "",
                                                                                               parameters};

}  // namespace
}  // namespace xensim
