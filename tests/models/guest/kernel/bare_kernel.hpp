/// A whole guest kernel on one bare processor of the testbed; who derives from it makes time pass.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "models/guest/kernel/kernel_path_costs.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/host/native/native_memory.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {

class BareKernel : protected VirtualMachine {
 public:
  [[nodiscard]] Time now() const { return processor_.clock.local(); }
  [[nodiscard]] std::uint64_t did(KernelPath path) const { return processes_.work().count(path); }

 protected:
  /// With `pages` of memory and a network interface, or none.
  BareKernel(std::uint32_t pages, KernelBuild build, std::unique_ptr<NetworkDevice> interface = nullptr)
      : interface_(std::move(interface)),
        kernel_(
            machine(), 1, guest_costs_, FootprintId{0}, [this] { return FootprintId{++footprints_}; },
            Time{}),
        memory_(machine(), shape_, 1, pages, Cycles{400}),
        processes_(kernel_, machine(), memory_, path_costs_, build, pages) {}

  [[nodiscard]] VirtualMachine& machine() { return *this; }
  [[nodiscard]] Processor& processor(unsigned /*vcpu*/) override { return processor_; }
  void switch_address_space(unsigned vcpu) override { processes_.switch_to(vcpu, *kernel_.current(vcpu)); }
  void kick(unsigned /*vcpu*/, unsigned /*target*/) override {}
  [[nodiscard]] ProcessKernel& processes() override { return processes_; }
  [[nodiscard]] NetworkDevice* network() override { return interface_.get(); }

 private:
  void resume() {}

  std::unique_ptr<NetworkDevice> interface_;
  Calibration calibration_ = testbed_calibration();

 protected:
  ProcessorCosts costs_{calibration_};
  KernelPathCosts path_costs_ = kernel_path_costs(calibration_, costs_);

 private:
  GuestCosts guest_costs_{calibration_, costs_};
  ProcessorShape shape_ = testbed_processor;
  SurvivalTable survival_{8192, 8};
  Calendar calendar_;
  Event resume_ = Event::calling<&BareKernel::resume>(*this);
  std::uint32_t footprints_ = 0;

 protected:
  Processor processor_{CpuId{0}, shape_, costs_, survival_, calendar_, resume_, false};
  GuestKernel kernel_;
  NativeMemory memory_;
  ProcessKernel processes_;
};

}  // namespace xensim
