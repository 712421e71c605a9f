#include "models/cpu/traps/trap_costs.hpp"

#include <gtest/gtest.h>

#include <array>

#include "core/json.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class TrapCost : public testing::Test {
 protected:
  [[nodiscard]] double constant(const std::string& name) const { return calibration.value(name); }
  Cycles of(const Exception& exception, unsigned ring) {
    GuestRegisters registers{.code_selector = ring == 3 ? flat_user_code : flat_kernel_code};
    return costs.of(exception, handle_exception(traps, events, registers, exception), ring);
  }

  Calibration calibration = testbed_calibration();
  ProcessorCosts processor{calibration};
  MonitorCosts monitor{calibration, processor};
  TrapCosts costs{calibration, processor, monitor};
  DomainTraps traps;
  EventMask events;
};

constexpr Exception page_fault{.vector = 14, .error_code = 6, .fault_address = {0x40000000}};

TEST_F(TrapCost, APageFaultOfAProgramIs115InstructionsTheHandlerAndTheHardware) {
  const double instructions =
      29 + 6 + 5 + 1 + 30 + 14 + 1 + 16 + 13 + constant("monitor_traps.page_fault_handler");
  const double hardware = constant("processor.page_fault_entry") + constant("processor.interrupt_return") +
                          7 * constant("processor.segment_load");
  EXPECT_NEAR(static_cast<double>(of(page_fault, 3).count),
              instructions * constant("processor.kernel_cpi") + hardware, 5);
}

TEST_F(TrapCost, OfTheKernelIsLessByTheShorterFrame) {
  const auto difference = static_cast<double>((of(page_fault, 3) - of(page_fault, 1)).count);
  EXPECT_NEAR(difference, (30 - 21) * constant("processor.kernel_cpi"), 1);
}

TEST_F(TrapCost, OfAFaultThatTheMonitorKeepsIs69InstructionsTheHandlerAndTheHardware) {
  const Cycles cost = costs.of({.vector = 1}, {.action = TrapAction::resume}, 3);
  const double instructions = 69 + constant("monitor_traps.exception_handler");
  const double hardware = constant("processor.page_fault_entry") + constant("processor.interrupt_return") +
                          6 * constant("processor.segment_load");
  EXPECT_NEAR(static_cast<double>(cost.count), instructions * constant("processor.kernel_cpi") + hardware, 5);
}

TEST_F(TrapCost, AnErrorCodeCostsAWordAndCr2AnotherOne) {
  const Cycles plain = of({.vector = 6}, 3), coded = of({.vector = 11}, 3);
  EXPECT_GT(coded, plain);
  EXPECT_GT(of(page_fault, 3), coded);
}

TEST_F(TrapCost, AnEmulatedIntIsDearerThanTheFastTrapByAWholeVisitToTheMonitor) {
  traps.table.set(std::array{TrapEntry{0x80, 3, 0x0819, 0x1000}, TrapEntry{}});
  const Cycles emulated = of({.vector = 13, .error_code = 0x80 << 3 | 2}, 3);
  EXPECT_EQ(costs.fast_trap, processor.software_interrupt_entry) << "hardware only";
  EXPECT_GT(emulated, costs.fast_trap * 2);
  EXPECT_LT(emulated, of({.vector = 13, .error_code = 0}, 3)) << "it pushes no error code";
}

TEST_F(TrapCost, AnEventOnTopIsMuchCheaperThanOneThatNeedsItsOwnVisit) {
  EXPECT_EQ(costs.event_on_top, monitor.deliver_to_kernel);
  EXPECT_LT(costs.event_on_top * 5, monitor.interrupt_entry + monitor.resume_guest);
}

TEST_F(TrapCost, ReturnsOfGuestsAreTheHardwares) {
  EXPECT_EQ(costs.return_to_user, processor.interrupt_return);
  EXPECT_LT(costs.return_within_kernel, costs.return_to_user);
}

TEST_F(TrapCost, TheFirstUseOfTheFpuInATurnPaysForItsRegisters) {
  const Exception use{.vector = 7};
  const Cycles first = of(use, 3);
  (void)traps.fpu.switch_out();
  const Cycles again = of(use, 3);
  EXPECT_EQ((again - first).count, static_cast<std::int64_t>(constant("processor.fpu_restore") -
                                                             constant("processor.fpu_initialise")));
  traps.fpu.task_switch();
  const Cycles forwarded = of(use, 3);
  EXPECT_GT(forwarded, costs.of(use, {.action = TrapAction::resume}, 3)) << "a frame besides";
}

TEST_F(TrapCost, FollowsTheConstants) {
  const Calibration slow =
      testbed_calibration({{"processor.page_fault_entry", constant("processor.page_fault_entry") + 400}});
  const ProcessorCosts slow_processor(slow);
  const TrapCosts other(slow, slow_processor, MonitorCosts(slow, slow_processor));
  const TrapOutcome outcome{.bounce = {.error_code = 6, .fault_address = Address{}}};
  EXPECT_EQ(other.of(page_fault, outcome, 3) - costs.of(page_fault, outcome, 3), Cycles{400});
}

TEST_F(TrapCost, EveryHypercallCostsSomething) {
  for (const Cycles cost : {costs.set_trap_table, costs.trap_entry, costs.set_fast_trap, costs.set_callbacks,
                            costs.fpu_taskswitch, costs.fpu_save}) {
    EXPECT_GT(cost, Cycles{0});
  }
}

}  // namespace
}  // namespace xensim
