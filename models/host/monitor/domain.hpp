/// A domain: its virtual processor as the monitor sees it, and the kernel inside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/ids.hpp"
#include "models/cpu/events.hpp"
#include "models/guest/kernel/kernel.hpp"
#include "models/guest/kernel/virtual_machine.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/host/platform.hpp"
#include "models/host/xen/xen_memory.hpp"
#include "models/host/xen/xen_network.hpp"
#include "models/io/block/block_front.hpp"

namespace xensim {

class Monitor;

/// One uniprocessor domain. Its place is its index: `id.value == vcpu.value`.
class Domain final : public VirtualMachine {
 public:
  /// Of Xen 1.0's task states those that occur here. A dying domain keeps its memory as long as a device
  /// works on it; a dead one has nothing left.
  enum class State : std::uint8_t { running, interruptible, suspended, dying, dead };

  Domain(Monitor& monitor, VcpuId its_vcpu, CpuId placed_on, FootprintId monitor_footprint,
         FootprintId kernel_footprint, const GuestCosts& costs,
         const std::function<FootprintId()>& new_footprint, Time boot)
      : vcpu(its_vcpu),
        cpu(placed_on),
        footprint(monitor_footprint),
        kernel(*this, 1, costs, kernel_footprint, new_footprint, boot),
        monitor_(monitor) {}
  ~Domain() override {
    if (memory_) memory_->abandon();
  }
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  [[nodiscard]] Processor& processor(unsigned index) override;
  [[nodiscard]] const TimeAccount& time(unsigned /*vcpu*/) override { return time_account; }
  [[nodiscard]] ProcessorWaits waits(unsigned /*vcpu*/) override { return waits_for_processor; }
  void switch_address_space(unsigned index) override;
  void kick(unsigned /*vcpu*/, unsigned /*target*/) override {}  // there is no other
  [[nodiscard]] ProcessKernel& processes() override;
  [[nodiscard]] GuestDisk* disk(unsigned index) override { return index == 0 ? disk_.get() : nullptr; }
  [[nodiscard]] Bytes swap_size() const override;
  [[nodiscard]] Bytes file_system_size() const override;
  [[nodiscard]] NetworkDevice* network() override { return network_.get(); }
  [[nodiscard]] Ipv4Address network_address() const override;
  /// The handler of the console's event: what was typed there, or the memory that domain 0 leaves it.
  void console_interrupt();
  /// The handler of the network event.
  void network_interrupt();
  /// Null as long as no program needs more than the scheduler.
  [[nodiscard]] const XenMemory* memory() const { return memory_.get(); }
  /// The current process's address space is loaded. False: it has none that is modelled.
  [[nodiscard]] bool load_address_space() {
    return processes_ && processes_->switch_to(0, *kernel.current(0));
  }
  /// Its processor goes over to it, or away.
  void switch_in() {
    if (memory_) memory_->switch_in();
  }
  void switch_out() {
    if (memory_) memory_->switch_out();
  }
  /// It runs nowhere, and will run there next.
  void move_to(CpuId there);
  /// Of its processes, if a program needed them.
  void report(StatisticSink& sink, const std::string& prefix) const {
    if (processes_) processes_->report(sink, prefix);
  }
  [[nodiscard]] std::string deadlock() const { return processes_ ? processes_->deadlock(1) : std::string{}; }
  [[nodiscard]] std::string audit() const;
  /// Of what its processor, which runs it, has in the TLB.
  [[nodiscard]] std::string audit_translations() const;

  [[nodiscard]] bool exists() const { return state != State::dying && state != State::dead; }
  /// The builder's work, which the kernel finds when it first needs memory.
  std::optional<BuiltMemory>& built() { return built_; }
  [[nodiscard]] const std::optional<BuiltMemory>& built() const { return built_; }
  /// It is dying: its kernel goes, with its processes and drivers. Its memory stays for the devices.
  void dissolve();
  /// It is dead. Returns how many frames are free again.
  std::uint32_t release_memory();

  const VcpuId vcpu;
  CpuId cpu;                    ///< where it runs or will: changed by `move_to`
  const FootprintId footprint;  ///< the monitor's structures for it, in the caches
  GuestKernel kernel;
  EventMask events;
  State state = State::running;
  bool in_user = false;          ///< where the guest goes on when resumed: user mode, or its kernel
  bool upcall = false;           ///< an event upcall was delivered and is still to be handled
  bool upcall_of_user = false;   ///< what it interrupted: a program, or the kernel
  std::uint64_t ticks_seen = 0;  ///< 20 ms ticks that are in `events` or were taken from it
  Time cpu_time{};               ///< as the monitor accounts it, switch to switch
  TimeAccount time_account{};    ///< by what it went into
  Time ended = never;            ///< when it died
  Time woken_at = never;         ///< since when it waits after a wake
  ProcessorWaits waits_for_processor{};
  std::uint64_t wakes = 0;
  /// Hypervisor events, which it takes when it next has the processor.
  bool die_asked = false, stop_asked = false;
  std::vector<Platform::Answer> probes;        ///< debug events that its kernel has not seen yet
  std::function<void()> on_console;            ///< of domain 0: somebody typed
  std::optional<std::uint32_t> memory_target;  ///< pages, which its balloon has not seen yet

 private:
  Monitor& monitor_;
  std::optional<BuiltMemory> built_;
  std::unique_ptr<BlockFront> disk_;  ///< this and those below: null as long as no program needs them
  std::unique_ptr<XenMemory> memory_;
  std::unique_ptr<XenNetwork> network_;  ///< null without a network
  std::unique_ptr<ProcessKernel> processes_;
};

}  // namespace xensim
