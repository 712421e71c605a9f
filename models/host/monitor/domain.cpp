#include "models/host/monitor/domain.hpp"

#include <utility>

#include "models/host/addresses.hpp"
#include "models/host/monitor/monitor.hpp"

namespace xensim {

ProcessKernel& Domain::processes() {
  if (!processes_) {
    memory_ = monitor_.give_memory(*this);
    built_.reset();
    disk_ = monitor_.give_disk(*this, *memory_);
    network_ = monitor_.give_network(*this, *memory_);
    VirtualMachine& machine = *this;
    processes_ = std::make_unique<ProcessKernel>(kernel, machine, *memory_, monitor_.path_costs(),
                                                 KernelBuild{.smp = false, .paravirtual = true},
                                                 memory_->usable_pages());
    if (network_) network_->open(processes_->context(), processes_->memory());
  }
  return *processes_;
}

void Domain::dissolve() {
  if (memory_) memory_->abandon();
  processes_.reset();
  network_.reset();
  disk_.reset();
  probes.clear();
}

std::uint32_t Domain::release_memory() {
  const std::uint32_t frames = memory_ ? memory_->release() : 0;
  memory_.reset();
  return frames;
}

Bytes Domain::swap_size() const { return monitor_.parameters().swap; }
Bytes Domain::file_system_size() const { return monitor_.parameters().file_system; }

Ipv4Address Domain::network_address() const {
  return vcpu.value == 0 ? addresses::host : addresses::domain(vcpu.value - 1);
}

void Domain::console_interrupt() {
  if (on_console) on_console();
  if (!memory_target || !processes_) return;
  processes_->run_on(0);
  processes_->balloon()->aim(0, *std::exchange(memory_target, std::nullopt));
}

void Domain::network_interrupt() {
  if (!network_) return;
  processes_->run_on(0);
  network_->interrupt(0);
}

void Domain::move_to(CpuId there) {
  cpu = there;
  if (memory_) memory_->move_to(monitor_.processor(cpu));
  if (processes_) processes_->run_on(0);
}

std::string Domain::audit_translations() const {
  if (!memory_) return {};
  return memory_->audit([this](PageNumber page) { return network_ && network_->posted(page); });
}

std::string Domain::audit() const {
  if (network_) {
    if (std::string fault = network_->audit(); !fault.empty()) return fault;
  }
  if (processes_) {
    if (std::string fault = processes_->audit(); !fault.empty()) return fault;
  }
  return kernel.audit();
}

}  // namespace xensim
