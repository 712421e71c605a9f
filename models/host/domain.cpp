#include "models/host/domain.hpp"

#include "models/host/monitor.hpp"

namespace xensim {

ProcessKernel& Domain::processes() {
  if (!processes_) {
    memory_ = monitor_.give_memory(*this);
    disk_ = monitor_.give_disk(*this);
    VirtualMachine& machine = *this;
    processes_ = std::make_unique<ProcessKernel>(kernel, machine, *memory_, monitor_.path_costs(),
                                                 KernelBuild{.smp = false, .paravirtual = true},
                                                 memory_->usable_pages());
  }
  return *processes_;
}

Bytes Domain::swap_size() const { return monitor_.parameters().swap; }

std::string Domain::audit() const {
  if (processes_) {
    if (std::string fault = processes_->audit(); !fault.empty()) return fault;
  }
  return kernel.audit();
}

}  // namespace xensim
