#include "models/host/monitor/memory_costs.hpp"

#include <gtest/gtest.h>

#include "core/json.hpp"
#include "tests/models/host/xen/xen_memory_fixture.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class MemoryCost : public testing::Test {
 protected:
  [[nodiscard]] Cycles of(MemoryStep step, std::uint64_t times = 1) const {
    MemoryWork work;
    work.did(step, times);
    return costs.of(work);
  }
  [[nodiscard]] double constant(const std::string& name) const { return calibration.value(name); }

  Calibration calibration = testbed_calibration();
  ProcessorCosts processor{calibration};
  MonitorCosts monitor{calibration, processor};
  MemoryCosts costs{calibration, processor, monitor};
};

TEST_F(MemoryCost, EveryStepCostsSomething) {
  for (std::size_t i = 0; i < MemoryWork::steps; ++i) {
    EXPECT_GT(of(static_cast<MemoryStep>(i)).count, 0) << memory_step_names[i];
  }
}

TEST_F(MemoryCost, ALeafRequestIsItsInstructionsALockAndAWalkForTheMapping) {
  MemoryWork work;
  work.did(MemoryStep::normal_request);
  work.did(MemoryStep::map_slot);
  work.did(MemoryStep::leaf_update);
  const double instructions = constant("monitor_memory.request") + constant("monitor_memory.map_slot") +
                              constant("monitor_memory.leaf_update");
  EXPECT_GE(instructions, 60) << "the range that the description of the code gives";
  EXPECT_LE(instructions, 110) << "a tenth beyond it, where the fit to cells of Xen ends";
  const double hardware = constant("processor.locked_operation") +
                          constant("monitor_memory.interrupts_off_on") +
                          constant("monitor_memory.interrupts_saved") + constant("processor.tlb_walk");
  EXPECT_NEAR(static_cast<double>(costs.of(work).count),
              instructions * constant("processor.kernel_cpi") + hardware, 1);
}

TEST_F(MemoryCost, AddsUpWithoutRoundingEachStep) {
  const auto sum = static_cast<double>(of(MemoryStep::entry_present, 1024).count);
  EXPECT_NEAR(sum, 1024 * constant("monitor_memory.entry_present") * constant("processor.kernel_cpi"), 1);
}

TEST_F(MemoryCost, AScanOfATableIsALoopNotABranchyPath) {
  for (const std::int64_t cycles :
       {of(MemoryStep::entry_scanned, 1024).count, of(MemoryStep::map_sweep).count}) {
    EXPECT_GE(cycles, 2000);
    EXPECT_LE(cycles, 4096 + 4);
  }
}

TEST_F(MemoryCost, AFlushIsALoadOfTheBaseWhateverCalledForIt) {
  EXPECT_GE(of(MemoryStep::batch_flush), processor.address_space_load);
  EXPECT_EQ(of(MemoryStep::batch_flush), of(MemoryStep::map_cache_flush));
  EXPECT_EQ(of(MemoryStep::batch_flush), of(MemoryStep::descriptor_flush));
}

TEST_F(MemoryCost, AnEmptyHypercallIsTheWayThereAndBack) {
  const Cycles empty = costs.monitor({});
  EXPECT_GT(empty, monitor.hypercall_entry + monitor.exit_tests + monitor.resume_guest);
  EXPECT_GT(costs.monitor({.calls = 2}), empty);
  EXPECT_LT(costs.monitor({.calls = 2}), empty * 2) << "that is what a multicall is for";
  EXPECT_EQ(costs.kernel({}), Cycles{0});
  EXPECT_GT(costs.kernel({.requests = 1}), Cycles{0});
  EXPECT_GT(costs.kernel({.calls = 2}), Cycles{0}) << "somebody writes the list";
}

TEST_F(MemoryCost, FollowsTheConstants) {
  const Calibration dear = testbed_calibration({{"processor.invalidate_page", 600}});
  const ProcessorCosts dear_processor(dear);
  const MemoryCosts other(dear, dear_processor, monitor);
  MemoryWork work;
  work.did(MemoryStep::page_invalidation);
  EXPECT_EQ(other.of(work) - costs.of(work),
            Cycles{600 - static_cast<std::int64_t>(constant("processor.invalidate_page"))});
}

TEST_F(MemoryCost, OfAForkGoesToTheMonitorAndItsRequestsToTheKernel) {
  MonitoredMemory host;
  XenGuest guest(host);
  const auto parent = AddressSpace::create(guest.guest);
  guest.load(*parent);
  const Address start = *parent->map({.length = page_size * 10, .flags = AreaFlags::read | AreaFlags::write});
  for (std::uint32_t i = 0; i < 10; ++i) {
    ASSERT_EQ(guest.write({start.value + i * page_size}, 1), std::nullopt);
  }
  guest.calls.clear();
  const auto child = parent->fork();
  Cycles in_monitor{}, in_kernel{};
  std::int64_t requests = 0;
  for (const PagingCall& call : guest.calls) {
    in_monitor += costs.monitor(call);
    in_kernel += costs.kernel(call);
    requests += call.requests;
  }
  EXPECT_EQ(requests, 26) << "20 entries, a table and a directory of 2 and its entry, a flush";
  EXPECT_GT(in_monitor, costs.monitor({}) * static_cast<std::int64_t>(guest.calls.size()));
  EXPECT_NEAR(static_cast<double>(in_kernel.count),
              26 * constant("monitor_memory.guest_request") * constant("processor.kernel_cpi"), 3);
}

}  // namespace
}  // namespace xensim
