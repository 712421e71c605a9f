/// A whole guest kernel on one bare processor, without timer interrupts, run until nobody can go on.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/models/guest/kernel/bare_kernel.hpp"
#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {

class ProcessFixture final : public BareKernel {
 public:
  static constexpr std::uint32_t pages = 4096;

  explicit ProcessFixture(KernelBuild build = {}) : BareKernel(pages, build) {}

  /// Runs a program until everybody has ended or sleeps; everything must agree after each step.
  void run(Program program) {
    kernel_.start(std::move(program), now());
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
  [[nodiscard]] std::string deadlock() const { return processes_.deadlock(1); }
  [[nodiscard]] const KernelWork& work() const { return processes_.work(); }
  [[nodiscard]] const BarePaging::Counts& paging() const { return memory_.paging_counts(); }
  [[nodiscard]] std::uint64_t switches() const { return kernel_.switches(); }
  [[nodiscard]] std::uint32_t unused_pages() const { return processes_.unused_pages(); }
  /// On the quicklists.
  [[nodiscard]] std::size_t unused_tables() const { return processes_.memory().tables.size(); }
  [[nodiscard]] const PageAllocator& pages_of_memory() const { return processes_.memory().pages; }

  bool audits = true;
  [[nodiscard]] const ProcessorCosts& costs() const { return costs_; }
  [[nodiscard]] const KernelPathCosts& path_costs() const { return path_costs_; }
};

}  // namespace xensim
