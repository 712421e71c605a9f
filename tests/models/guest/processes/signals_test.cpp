#include "models/guest/processes/signals.hpp"

#include <rapidcheck.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

using namespace signal_number;
const SignalAction handler{.kind = SignalAction::Kind::handler};
const SignalAction ignore{.kind = SignalAction::Kind::ignore};

struct SignalsTest : testing::Test {
  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext context{work, {}};
  Signals signals{context};
  Counting did{work};
};

TEST_F(SignalsTest, ASignalEntersItsHandlerAndReturnsFromIt) {
  ASSERT_TRUE(signals.install(user1, handler).ok());
  EXPECT_TRUE(signals.send(user1));
  EXPECT_TRUE(signals.pending());
  const auto delivery = signals.deliver(false);
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->kind, SignalDelivery::Kind::handler);
  EXPECT_TRUE(signals.blocked().has(user1)) << "while the handler runs";
  ASSERT_TRUE(signals.handler_returns().ok());
  EXPECT_EQ(signals.blocked(), SignalSet{});
  EXPECT_EQ(signals.handler_returns().error, CallError::invalid);
}

TEST_F(SignalsTest, InstallingReturnsWhatWasThere) {
  SignalAction previous;
  ASSERT_TRUE(signals.install(user1, handler, &previous).ok());
  EXPECT_EQ(previous, SignalAction{});
  EXPECT_EQ(did[KernelPath::copy_user], 2U) << "one action in, one out";
  ASSERT_TRUE(signals.install(user1, ignore, &previous).ok());
  EXPECT_EQ(previous, handler);
  EXPECT_EQ(signals.install(signal_number::kill, handler).error, CallError::invalid);
  EXPECT_EQ(signals.install(stop, ignore).error, CallError::invalid);
}

TEST_F(SignalsTest, WhatIsIgnoredIsNeverQueued) {
  ASSERT_TRUE(signals.install(user1, ignore).ok());
  EXPECT_FALSE(signals.send(user1));
  EXPECT_FALSE(signals.send(child)) << "by default";
  EXPECT_EQ(signals.queued(), 0U);
}

TEST_F(SignalsTest, IgnoringDropsWhatIsPending) {
  signals.block(SignalSet::of(user1));
  EXPECT_FALSE(signals.send(user1)) << "nobody is woken for a blocked signal";
  EXPECT_EQ(signals.queued(), 1U);
  ASSERT_TRUE(signals.install(user1, ignore).ok());
  EXPECT_EQ(signals.queued(), 0U);
}

TEST_F(SignalsTest, AnOrdinarySignalIsPendingOnceALaterOneQueues) {
  signals.block({UINT64_MAX});
  for (int i = 0; i < 3; ++i) {
    (void)signals.send(user1);
    (void)signals.send(40);
  }
  EXPECT_EQ(signals.queued(), 4U);
}

TEST_F(SignalsTest, TheStandardActionEndsOrStopsTheProcess) {
  EXPECT_TRUE(signals.send(signal_number::kill));
  EXPECT_EQ(signals.deliver(false)->kind, SignalDelivery::Kind::terminate);
  EXPECT_TRUE(signals.send(stop));
  EXPECT_EQ(signals.deliver(false)->kind, SignalDelivery::Kind::stop);
  EXPECT_FALSE(signals.deliver(false));
}

TEST_F(SignalsTest, AFaultCannotBeIgnoredOrBlocked) {
  ASSERT_TRUE(signals.install(segmentation_fault, ignore).ok());
  signals.block(SignalSet::of(segmentation_fault));
  signals.force(segmentation_fault);
  ASSERT_TRUE(signals.pending());
  EXPECT_EQ(signals.deliver(false)->kind, SignalDelivery::Kind::terminate);
}

TEST_F(SignalsTest, AFaultThatRepeatsEntersItsHandlerEachTime) {
  ASSERT_TRUE(signals.install(segmentation_fault, handler).ok());
  did.restart();
  for (int i = 0; i < 3; ++i) {
    signals.force(segmentation_fault);
    ASSERT_TRUE(signals.deliver(false));
    ASSERT_TRUE(signals.handler_returns().ok());
  }
  EXPECT_EQ(did[KernelPath::signal_force], 3U);
  EXPECT_EQ(did[KernelPath::signal_frame], 3U);
  EXPECT_EQ(did[KernelPath::signal_send], 0U) << "no process had to be found";
}

TEST_F(SignalsTest, FpuStateIsSavedOnlyIfThereIsSome) {
  ASSERT_TRUE(signals.install(user1, handler).ok());
  did.restart();
  (void)signals.send(user1);
  ASSERT_TRUE(signals.deliver(false));
  EXPECT_EQ(did[KernelPath::copy_line], 3U) << "188 bytes";
  ASSERT_TRUE(signals.handler_returns().ok());
  did.restart();
  (void)signals.send(user1);
  ASSERT_TRUE(signals.deliver(true));
  ASSERT_TRUE(signals.handler_returns().ok());
  EXPECT_EQ(did[KernelPath::signal_fpu], 2U);
  EXPECT_EQ(did[KernelPath::copy_line], 2 * 11U) << "700 bytes each way";
}

TEST_F(SignalsTest, OnlyANativeKernelReloadsTheDebugRegister) {
  ASSERT_TRUE(signals.install(user1, handler).ok());
  (void)signals.send(user1);
  ASSERT_TRUE(signals.deliver(false));
  EXPECT_EQ(did[KernelPath::debug_register_load], 1U);
  ASSERT_TRUE(signals.handler_returns().ok());
  context.build.paravirtual = true;
  (void)signals.send(user1);
  ASSERT_TRUE(signals.deliver(false));
  EXPECT_EQ(did[KernelPath::debug_register_load], 1U);
}

TEST(SignalsProperty, EveryHandlerReturnsToTheMaskItInterrupted) {
  EXPECT_TRUE(rc::check([] {
    KernelPathCosts costs{};
    KernelWork work(costs);
    const KernelContext context{work, {}};
    Signals signals(context);
    for (SignalNumber signal = 1; signal <= Signals::last; ++signal) {
      SignalAction action = handler;
      action.also_blocked.bits = *rc::gen::arbitrary<std::uint64_t>();
      action.nested = *rc::gen::arbitrary<bool>();
      (void)signals.install(signal, action);
    }
    std::vector<SignalSet> masks;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, SignalNumber>>>(
        rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange<SignalNumber>(1, Signals::last + 1)));
    for (const auto& [kind, signal] : steps) {
      if (kind == 0) (void)signals.send(signal);
      if (kind == 1) {
        const SignalSet before = signals.blocked();
        const auto delivery = signals.deliver(false);
        if (delivery && delivery->kind == SignalDelivery::Kind::handler) {
          RC_ASSERT(!before.has(delivery->signal));
          masks.push_back(before);
        }
      }
      if (kind == 2) {
        RC_ASSERT(signals.handler_returns().ok() == !masks.empty());
        if (!masks.empty()) {
          RC_ASSERT(signals.blocked() == masks.back());
          masks.pop_back();
        }
      }
      RC_ASSERT(signals.audit().empty());
      RC_ASSERT(signals.handlers_entered() == masks.size());
    }
  }));
}

}  // namespace
}  // namespace xensim
