#include "models/io/ring_service.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace xensim {
namespace {

using Ring = RingService<64>;

std::uint32_t serve(Ring& ring, std::uint32_t producer) {
  std::uint32_t served = 0;
  for (; ring.has_request(producer); ++served) ring.consume();
  return served;
}

TEST(RingService, ServesUpToTheGuestsIndex) {
  Ring ring;
  EXPECT_EQ(serve(ring, 5), 5U);
  EXPECT_EQ(serve(ring, 5), 0U);
  EXPECT_EQ(ring.unanswered(), 5U);
}

TEST(RingService, LeavesOneSlotOfTheRingUnserved) {
  Ring ring;
  EXPECT_EQ(serve(ring, 63), 63U);
  EXPECT_EQ(serve(ring, 10), 0U) << "closed";
  EXPECT_EQ(ring.respond(), 0U);
  EXPECT_EQ(serve(ring, 10), 1U);
}

TEST(RingService, AnIndexBeyondTheRingCountsByItsLowBits) {
  Ring ring;
  EXPECT_EQ(serve(ring, 64 + 5), 5U);
  EXPECT_EQ(serve(ring, UINT32_MAX), 58U);
}

TEST(RingService, NoIndicesServeASlotTwiceOrForEver) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint32_t>& producers) {
    Ring ring;
    std::uint32_t under_way = 0;
    for (const std::uint32_t producer : producers) {
      std::uint32_t refused = 0;
      while (ring.has_request(producer)) {  // every other request is answered at once
        ring.consume();
        if (ring.next() % 2 == 0) {
          (void)ring.respond();
        } else {
          ++under_way;
        }
        RC_ASSERT(++refused <= 64U);
      }
      RC_ASSERT(ring.audit(under_way) == "");
      if (under_way > 0) {
        (void)ring.respond();
        --under_way;
      }
    }
  }));
}

}  // namespace
}  // namespace xensim
