#include "models/guest/kernel/kernel_work.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "models/guest/kernel/kernel_path_costs.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

/// Notes what the kernel uses; the same page again at once is no use of its own.
class Pages final : public KernelMemory {
 public:
  void kernel_access(PageNumber page, Access /*access*/) override {
    if (all.empty() || all.back() != page) all.push_back(page);
  }
  std::vector<PageNumber> all;
};

/// A kernel on a processor of its own.
class Worker {
 public:
  Worker() { work.on(&processor, &pages); }
  void resume() {}

  [[nodiscard]] static const Calibration& calibration() {
    static const Calibration once = testbed_calibration();
    return once;
  }

  ProcessorCosts costs{calibration()};
  KernelPathCosts paths = kernel_path_costs(calibration(), costs);
  ProcessorShape shape = testbed_processor;
  SurvivalTable survival{8192, 8};
  Calendar calendar;
  Event resume_event = Event::calling<&Worker::resume>(*this);
  Processor processor{CpuId{0}, shape, costs, survival, calendar, resume_event, false};
  std::uint32_t names = 0;
  KernelWork work{paths, [this] { return FootprintId{names++}; }};
  Pages pages;
};

TEST(KernelWorkRuns, ObjectsUsedAtOnceCostWhatTheyCostOneByOne) {
  EXPECT_TRUE(rc::check([] {
    Worker at_once, one_by_one;
    const int rounds = *rc::gen::inRange(1, 5);
    for (int round = 0; round < rounds; ++round) {
      std::vector<PageNumber> numbers;
      for (const auto number : *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0U, 400U))) {
        numbers.push_back({number});
      }
      at_once.work.uses_each(KernelObject::page_descriptor, numbers);
      for (const PageNumber number : numbers) {
        one_by_one.work.uses(KernelObject::page_descriptor, number.value, 1);
      }
      for (Worker* worker : {&at_once, &one_by_one}) worker->work.did(KernelPath::fork_fixed);
      RC_ASSERT(at_once.processor.clock.local() == one_by_one.processor.clock.local());
    }
    RC_ASSERT(at_once.processor.lines_missed() == one_by_one.processor.lines_missed());
    RC_ASSERT(at_once.pages.all == one_by_one.pages.all);
  }));
}

}  // namespace
}  // namespace xensim
