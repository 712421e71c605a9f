/// Domains that domain 0 has shrink and grow while their programs run.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "models/host/monitor/control.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t mb = (1U << 20) / page_size;
constexpr std::uint32_t whole = 16 * mb;

Json xen_with_swap(const char* swap = "64 MiB") {
  return {{"name", "xen"}, {"memory", "16 MiB"}, {"swap", swap}, {"file_system", "64 MiB"}};
}
/// The audit of a whole machine's frames takes too long after each scheduling pass.
TestHost::Options quick() { return {.audit = false}; }

ControlRequest set_memory(std::uint32_t target, std::uint32_t instance = 0) {
  ControlRequest request;
  request.verb = ControlVerb::set_memory;
  request.instance = instance;
  request.size = {std::int64_t{target} * page_size};
  return request;
}

/// Uses so much memory, over and over.
struct User {
  std::uint32_t pages = 0;
  int rounds = 0;
};
Program uses_memory(Self self, User& user) {
  const Self::MapRequest request{.length = user.pages * page_size,
                                 .flags = AreaFlags::read | AreaFlags::write};
  const Address start{static_cast<std::uint32_t>(co_await self.mmap(request))};
  for (;;) {
    co_await self.touch(start, user.pages, Access::write);
    ++user.rounds;
    co_yield Sleep{10ms};
  }
}
Program on_memory(User& user) {
  const Self::Body body = [&user](Self self) { return uses_memory(self, user); };
  return executes(body);
}

class Ballooned {
 public:
  explicit Ballooned(std::uint32_t used, const Json& platform = xen_with_swap())
      : user_{.pages = used}, host(platform, quick()) {
    host.start(on_memory(user_));
    host.run_until(200ms);
  }
  void ask(std::uint32_t target) { host.platform->control()->ask(set_memory(target)); }
  double value(const char* name) { return host.read().at(std::string("dom1/memory/") + name); }
  /// In pages.
  double reserved() { return mb * value("reserved"); }
  double target() { return mb * value("target"); }
  double frames_free() { return host.read().at("control/frames_free"); }
  [[nodiscard]] int rounds() const { return user_.rounds; }

 private:
  User user_;

 public:
  TestHost host;
};

TEST(BalloonDriver, ADomainShrinksToItsTargetAndTheFramesAreFree) {
  Ballooned domain(100);
  EXPECT_EQ(domain.reserved(), whole);
  const double unused = domain.value("free");
  domain.ask(12 * mb);
  domain.host.run_until(1s);
  EXPECT_EQ(domain.reserved(), 12 * mb);
  EXPECT_EQ(domain.target(), 12 * mb);
  EXPECT_NEAR(domain.value("free"), unused - 4 * mb, 5);
  EXPECT_EQ(domain.value("balloon_exhausted"), 0);
  EXPECT_EQ(domain.host.platform->audit(), "");
  const double frames = domain.frames_free();
  domain.ask(14 * mb);
  domain.host.run_until(2s);
  EXPECT_EQ(domain.reserved(), 14 * mb);
  EXPECT_EQ(domain.frames_free(), frames - 2 * mb);
  EXPECT_EQ(domain.host.platform->audit(), "");
}

TEST(BalloonDriver, ADomainThatShrinksBelowWhatItNeedsSwaps) {
  Ballooned domain(6 * mb);
  EXPECT_EQ(domain.value("swapped_out"), 0);
  domain.ask(8 * mb);
  domain.host.run_until(20s);
  EXPECT_EQ(domain.reserved(), 8 * mb);
  EXPECT_GT(domain.value("swapped_out"), mb);
  const int rounds = domain.rounds();
  domain.host.run_until(60s);
  EXPECT_GT(domain.rounds(), rounds) << "it goes on, though slowly";
  EXPECT_GT(domain.value("swapped_in"), mb);
  EXPECT_EQ(domain.host.platform->audit(), "");
}

TEST(BalloonDriver, MemoryThatComesBackEndsTheSwapping) {
  Ballooned domain(6 * mb);
  domain.ask(8 * mb);
  domain.host.run_until(20s);
  domain.ask(whole);
  domain.host.run_until(40s);
  EXPECT_EQ(domain.reserved(), whole);
  const double swapped = domain.value("swapped_in");
  const int rounds = domain.rounds();
  domain.host.run_until(41s);
  EXPECT_EQ(domain.value("swapped_in"), swapped);
  EXPECT_GT(domain.rounds(), rounds + 30);
}

TEST(BalloonDriver, WithoutSwapTheBalloonGivesUpWhereNothingCanBeFreed) {
  Ballooned domain(6 * mb, xen_with_swap("4 KiB"));
  domain.ask(6 * mb);
  domain.host.run_until(5s);
  EXPECT_EQ(domain.value("balloon_exhausted"), 1);
  EXPECT_GT(domain.reserved(), 8 * mb) << "the kernel's image and the program";
  EXPECT_LT(domain.reserved(), 10 * mb);
  EXPECT_EQ(domain.target(), domain.reserved());
  EXPECT_EQ(domain.value("kills"), 0);
  const int rounds = domain.rounds();
  domain.host.run_until(6s);
  EXPECT_GT(domain.rounds(), rounds + 30) << "who has its memory goes on";
  EXPECT_EQ(domain.host.platform->audit(), "");
}

TEST(BalloonDriver, ATargetOfNothingLeavesWhatCannotBeFreed) {
  Ballooned domain(100);
  domain.ask(0);
  domain.host.run_until(5s);
  EXPECT_EQ(domain.value("balloon_exhausted"), 1);
  EXPECT_GT(domain.reserved(), 2 * mb) << "the kernel's image at least";
  EXPECT_LT(domain.reserved(), 5 * mb);
  EXPECT_EQ(domain.host.platform->audit(), "");
  domain.ask(whole);
  domain.host.run_until(10s);
  EXPECT_EQ(domain.reserved(), whole);
  const int rounds = domain.rounds();
  domain.host.run_until(11s);
  EXPECT_GT(domain.rounds(), rounds + 30);
  EXPECT_EQ(domain.host.platform->audit(), "");
}

TEST(BalloonDriver, ATargetAboveTheReservationIsRefused) {
  Ballooned domain(100);
  domain.ask(whole + 1);
  domain.host.run_until(1s);
  EXPECT_EQ(domain.host.read().at("control/refused"), 1);
  EXPECT_EQ(domain.reserved(), whole);
}

TEST(BalloonDriver, ADomainWithoutModelledMemoryHasNoBalloon) {
  TestHost host(xen_with_swap(), quick());
  host.start(host.hog());
  host.platform->control()->ask(set_memory(mb));
  host.run_until(1s);
  EXPECT_EQ(host.read().at("control/refused"), 1);
}

TEST(BalloonDriver, ADomainDestroyedInMidBalloonLeavesAllItsFrames) {
  // From before it begins to when it is done, which takes some 30 ms.
  for (const Time at : {201ms, 205ms, 210ms, 215ms, 220ms, 230ms}) {
    Ballooned domain(6 * mb);
    const auto frames = [&] { return domain.frames_free() + domain.reserved(); };
    domain.ask(whole);  // for the first report of the control plane
    domain.host.run_until(200ms + 1us);
    domain.ask(4 * mb);
    domain.host.run_until(at);
    const double all = frames();
    ControlRequest destroy;
    destroy.verb = ControlVerb::destroy;
    domain.host.platform->control()->ask(std::move(destroy));
    domain.host.run_until(at + 2s);
    EXPECT_EQ(domain.frames_free(), all);
    EXPECT_EQ(domain.host.read().at("control/domains"), 1);
    EXPECT_EQ(domain.host.platform->audit(), "");
  }
}

TEST(BalloonDriver, WhatOneDomainLeavesAnotherGets) {
  User greedy{.pages = 100}, other{.pages = 100};
  TestHost host(xen_with_swap(), quick());
  host.start(on_memory(greedy));
  host.start(on_memory(other));
  host.run_until(200ms);
  host.platform->control()->ask(set_memory(8 * mb, 0));
  host.platform->control()->ask(set_memory(8 * mb, 1));
  host.run_until(1s);
  const double free = host.read().at("control/frames_free");
  host.platform->control()->ask(set_memory(whole, 0));
  host.run_until(2s);
  EXPECT_EQ(host.read().at("dom1/memory/reserved"), 16);
  EXPECT_EQ(host.read().at("dom2/memory/reserved"), 8);
  EXPECT_EQ(host.read().at("control/frames_free"), free - 8 * mb);
  EXPECT_EQ(host.platform->audit(), "");
}

TEST(BalloonDriver, ADomainGetsWhatOthersHaveLeftAndTheRestIsRefused) {
  User first{.pages = 100}, second{.pages = 100}, third{.pages = 100};
  Json platform = xen_with_swap();
  platform["memory"] = "90 MiB";  // three of them do not fit into 208 MiB
  TestHost host(platform, quick());
  host.start(on_memory(first));
  host.run_until(200ms);
  host.platform->control()->ask(set_memory(20 * mb, 0));
  host.run_until(1s);
  host.start(on_memory(second));
  host.start(on_memory(third));
  host.run_until(2s);
  const double free = host.read().at("control/frames_free");
  host.platform->control()->ask(set_memory(90 * mb, 0));
  host.run_until(3s);
  const Values values = host.read();
  const double slack = 2 * mb;
  EXPECT_EQ(values.at("control/frames_free"), slack) << "which the monitor keeps for itself";
  EXPECT_EQ(values.at("dom1/memory/reserved") * mb, 20 * mb + free - slack);
  EXPECT_EQ(values.at("dom1/memory/target"), values.at("dom1/memory/reserved"));
  EXPECT_EQ(values.at("dom1/memory/balloon_refused"), 1);
  EXPECT_EQ(host.platform->audit(), "");
}

TEST(BalloonProperty, FramesAreConservedOverAnySequenceOfTargets) {
  EXPECT_TRUE(rc::check([] {
    const auto targets =
        *rc::gen::container<std::vector<std::uint32_t>>(4, rc::gen::inRange<std::uint32_t>(0, whole + 1));
    const auto used = *rc::gen::inRange<std::uint32_t>(1, 8 * mb);
    Ballooned domain(used);
    domain.ask(whole);
    Time now = 300ms;
    domain.host.run_until(now);
    const double all = domain.frames_free() + domain.reserved();
    for (const std::uint32_t target : targets) {
      domain.ask(target);
      now += 1ms * *rc::gen::inRange(1, 400);
      domain.host.run_until(now);
      RC_ASSERT(domain.frames_free() + domain.reserved() == all);
      RC_ASSERT(domain.host.platform->audit() == "");
    }
  }));
}

}  // namespace
}  // namespace xensim
