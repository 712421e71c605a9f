/// A whole guest kernel on one bare processor, without timer interrupts, run until nobody can go on.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "models/guest/kernel_path_costs.hpp"
#include "models/guest/process_kernel.hpp"
#include "models/host/native_memory.hpp"
#include "tests/models/guest/calls_fixture.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {

class ProcessFixture final : private VirtualMachine {
 public:
  static constexpr std::uint32_t pages = 4096;

  explicit ProcessFixture(KernelBuild build = {})
      : kernel_(
            machine(), 1, guest_costs_, FootprintId{0}, [this] { return FootprintId{++footprints_}; },
            Time{}),
        memory_(machine(), shape_, 1, pages, Cycles{400}),
        processes_(kernel_, machine(), memory_, path_costs_, build, pages) {}

  /// Runs a program until everybody has ended or sleeps; everything must agree after each step.
  void run(Program program) {
    kernel_.start(std::move(program), processor_.clock.local());
    for (;;) {
      const GuestKernel::Next next = kernel_.return_to_user(0);
      if (next == GuestKernel::Next::idle) break;
      if (next == GuestKernel::Next::user) kernel_.computed(0, kernel_.computation(0).remaining, true);
      if (audits) {
        ASSERT_EQ(audit(), "");
      }
    }
    EXPECT_EQ(audit(), "");
  }
  [[nodiscard]] std::string audit() const {
    for (std::string fault : {kernel_.audit(), memory_.audit(), processes_.audit(), processor_.audit()}) {
      if (!fault.empty()) return fault;
    }
    return {};
  }
  [[nodiscard]] std::uint64_t did(KernelPath path) const { return processes_.work().count(path); }
  [[nodiscard]] const KernelWork& work() const { return processes_.work(); }
  [[nodiscard]] const BarePaging::Counts& paging() const { return memory_.paging_counts(); }
  [[nodiscard]] std::uint64_t switches() const { return kernel_.switches(); }
  [[nodiscard]] std::uint32_t unused_pages() const { return processes_.unused_pages(); }
  [[nodiscard]] Time now() const { return processor_.clock.local(); }

  bool audits = true;
  [[nodiscard]] const ProcessorCosts& costs() const { return costs_; }
  [[nodiscard]] const KernelPathCosts& path_costs() const { return path_costs_; }

 private:
  [[nodiscard]] VirtualMachine& machine() { return *this; }
  [[nodiscard]] Processor& processor(unsigned /*vcpu*/) override { return processor_; }
  void switch_address_space(unsigned vcpu) override { processes_.switch_to(vcpu, *kernel_.current(vcpu)); }
  void kick(unsigned /*vcpu*/, unsigned /*target*/) override {}
  [[nodiscard]] ProcessKernel& processes() override { return processes_; }
  void resume() {}

  Calibration calibration_ = testbed_calibration();
  ProcessorCosts costs_{calibration_};
  GuestCosts guest_costs_{calibration_, costs_};
  KernelPathCosts path_costs_ = kernel_path_costs(calibration_, ProcessorCosts(calibration_));
  ProcessorShape shape_ = testbed_processor;
  SurvivalTable survival_{8192, 8};
  Calendar calendar_;
  Event resume_ = Event::calling<&ProcessFixture::resume>(*this);
  Processor processor_{CpuId{0}, shape_, costs_, survival_, calendar_, resume_, false};
  std::uint32_t footprints_ = 0;
  GuestKernel kernel_;
  NativeMemory memory_;
  ProcessKernel processes_;
};

}  // namespace xensim
