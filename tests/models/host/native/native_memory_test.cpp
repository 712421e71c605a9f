/// The kernel's own use of memory on a bare machine that has more of it than its mapping reaches.
#include "models/host/native/native_memory.hpp"

#include <gtest/gtest.h>

#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t low_pages = (896 << 20) / page_size, all_pages = (1 << 30) / page_size;
constexpr Cycles invalidation{400};

class NativeMemoryTest : public testing::Test, private VirtualMachine {
 protected:
  [[nodiscard]] Processor& processor(unsigned /*vcpu*/) override { return processor_; }
  void switch_address_space(unsigned /*vcpu*/) override {}
  void kick(unsigned /*vcpu*/, unsigned /*target*/) override {}
  void resume() {}
  /// To the whole cycle.
  [[nodiscard]] Cycles charged() const {
    constexpr std::int64_t ps_per_ms = 1'000'000'000;
    const std::int64_t scaled = processor_.spent(Activity::kernel).count() * shape_.clock.kilohertz;
    return {(scaled + ps_per_ms / 2) / ps_per_ms};
  }

  Calibration calibration_ = testbed_calibration();
  ProcessorCosts costs_{calibration_};
  ProcessorShape shape_ = testbed_processor;
  SurvivalTable survival_{8192, 8};
  Calendar calendar_;
  Event resume_ = Event::calling<&NativeMemoryTest::resume>(*this);
  Processor processor_{CpuId{0}, shape_, costs_, survival_, calendar_, resume_, false};
  NativeMemory memory_{*this, shape_, 1, all_pages, invalidation};
};

TEST_F(NativeMemoryTest, TheKernelsMappingEndsAt896Megabytes) {
  EXPECT_EQ(memory_.paging().mapped_pages(), low_pages);
}

TEST_F(NativeMemoryTest, WhatTheMappingReachesIsTranslatedOnce) {
  memory_.paging().make_directory({1});
  ASSERT_TRUE(memory_.load(0, {1}, {}));
  const Cycles before = charged();
  memory_.kernel_access({low_pages - 1}, Access::write);
  EXPECT_EQ(charged() - before, costs_.tlb_walk);
  memory_.kernel_access({low_pages - 1}, Access::write);
  EXPECT_EQ(charged() - before, costs_.tlb_walk);
}

TEST_F(NativeMemoryTest, AHighPageIsMappedForEachUse) {
  const Cycles before = charged();
  memory_.kernel_access({low_pages}, Access::read);
  memory_.kernel_access({low_pages}, Access::read);
  EXPECT_EQ(charged() - before, (costs_.high_page_map + costs_.tlb_walk) * 2);
}

TEST_F(NativeMemoryTest, AHighPageThatAFaultFillsReplacesTheOneBeforeInTheSamePlace) {
  const Cycles before = charged();
  memory_.kernel_fills({low_pages}, Access::write);
  EXPECT_EQ(charged() - before, invalidation + costs_.high_page_map + costs_.tlb_walk);
}

}  // namespace
}  // namespace xensim
