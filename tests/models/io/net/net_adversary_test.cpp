/// Guests that write anything, with an audit after every step.
#include "tests/models/io/net/net_adversary.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

namespace xensim {
namespace {

using test::NetAdversary;

TEST(NetAdversary, NeverBreaksRingsFramesOrTlb) {
  EXPECT_TRUE(rc::check([] {
    const auto word = rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>());
    const auto step = rc::gen::apply(
        [](std::uint32_t what, std::uint32_t a, std::uint32_t b) {
          return NetStepChoice{what, a, b};
        },
        word, word, word);
    NetAdversary adversary;
    for (const NetStepChoice& one : *rc::gen::container<std::vector<NetStepChoice>>(step)) {
      adversary.perform(one);
      RC_ASSERT(adversary.audit() == "");
    }
  }));
}

TEST(NetAdversary, NeverBreaksThemInALongLife) {
  NetAdversary adversary;
  std::mt19937_64 random(20031019);
  const auto word = [&random] { return static_cast<std::uint32_t>(random()); };
  for (int i = 0; i < 100'000; ++i) {
    const NetStepChoice step{word(), word(), word()};
    adversary.perform(step);
    ASSERT_EQ(adversary.audit(), "") << "after step " << i << ", of kind " << step.what % 16;
  }
  for (std::size_t i = 0; i < WorkCount<NetStep>::steps; ++i) {
    const auto step = static_cast<NetStep>(i);
    if (step == NetStep::remote_shootdown || step == NetStep::remote_packet) continue;  // one processor
    if (step == NetStep::congestion_drop) continue;
    EXPECT_GT(adversary.did(step), 0U) << net_step_names[i];
  }
}

}  // namespace
}  // namespace xensim
