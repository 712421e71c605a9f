/// Guests that try everything, under both sets of rules, with an audit after every step.
#include "tests/models/memory/hypercall_adversary.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

namespace xensim {

/// How RapidCheck prints a counter-example.
inline void showValue(const test::Step& step, std::ostream& out) {
  out << "{" << step.what << "u, " << step.a << "u, " << step.b << "u, " << step.c << "u}";
}

namespace {

using test::HypercallAdversary;
using test::Step;

rc::Gen<Step> any_step() {
  return rc::gen::apply(
      [](std::uint32_t what, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
        return Step{what, a, b, c};
      },
      rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>()),
      rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>()),
      rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>()),
      rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>()));
}

class Adversary : public testing::TestWithParam<MemoryRules> {};

TEST_P(Adversary, NeverBreaksTheFrameTable) {
  EXPECT_TRUE(rc::check([] {
    HypercallAdversary adversary(GetParam());
    for (const Step& step : *rc::gen::container<std::vector<Step>>(any_step())) {
      adversary.perform(step);
      RC_ASSERT(adversary.audit() == "");
    }
  }));
}

TEST_P(Adversary, NeverBreaksItInALongLife) {
  HypercallAdversary adversary(GetParam());
  std::mt19937_64 random(20031018);
  const auto word = [&random] { return static_cast<std::uint32_t>(random()); };
  while (adversary.hypercalls() < 20'000) {
    const Step step{word(), word(), word(), word()};
    adversary.perform(step);
    ASSERT_EQ(adversary.audit(), "") << "after " << adversary.hypercalls() << " hypercalls";
  }
  EXPECT_GT(adversary.accepted(), adversary.hypercalls() / 8) << "it should get somewhere";
  for (const MemoryStep step :
       {MemoryStep::leaf_update, MemoryStep::directory_update, MemoryStep::pin, MemoryStep::unpin,
        MemoryStep::base_switch, MemoryStep::stale_retype, MemoryStep::gdt_install,
        MemoryStep::ldt_page_mapped, MemoryStep::balloon_flush}) {
    EXPECT_GT(adversary.work()[step], 0U) << memory_step_names[static_cast<std::size_t>(step)];
  }
}

TEST_P(Adversary, Domain0MayRuinItsCountsButNotTheMonitor) {
  // It may write where it likes, so nothing can be said of the counts, only that the monitor survives it.
  MachineMemory machine(test::without_slack(GetParam()), 128, 8);
  MemoryCpu cpu;
  MemoryDomain domain0{.id = DomainId{0}, .privileged = true}, guest{.id = DomainId{1}};
  (void)test::build_domain(machine, cpu, domain0, guest, 40);
  (void)test::build_domain(machine, cpu, domain0, domain0, 40);
  std::mt19937_64 random(1);
  std::uint64_t done = 0;
  std::vector<FrameNumber> got;
  for (int i = 0; i < 50'000; ++i) {
    const auto word = [&random] { return static_cast<std::uint32_t>(random()); };
    const PageRequest requests[] = {
        {(word() % 130) << 12 | (word() & 0xfff), (word() % 130) << 12 | (word() & 0x67)},
        make_request(GetParam(), static_cast<ExtendedCommand>(word() % 9), (word() % 130) << 12, word()),
        {test::DomainImage::address_of(word() % 40).value | (word() & 0xfff), (word() % 130) << 12 | 3}};
    done += update_pages({machine, cpu, domain0}, requests).done;
    const std::array frames{FrameNumber{word() % 130}, FrameNumber{word() % 130}};
    (void)set_gdt({machine, cpu, domain0}, frames, 512 + word() % 512);
    (void)map_ldt_page({machine, cpu, domain0}, word() % 65536);
    (void)decrease_reservation({machine, cpu, word() % 2 == 0 ? domain0 : guest}, frames);
    (void)increase_reservation({machine, cpu, domain0}, 1, got);
    cpu.owed.clear();
  }
  EXPECT_GT(done, 1000U);
}

INSTANTIATE_TEST_SUITE_P(, Adversary, testing::Values(xen_1_0_memory, xen_1_2_memory),
                         [](const auto& test) { return test.index == 0 ? "Xen1_0" : "Xen1_2"; });

}  // namespace
}  // namespace xensim
