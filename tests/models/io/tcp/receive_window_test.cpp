/// What a receiver offers when its buffer holds more than it should.
#include "models/io/tcp/receive_window.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

struct CrowdedWindow : testing::Test {
  static constexpr std::uint32_t buffer = 262142, segment = 448, longest = 460, packet = 1806;

  CrowdedWindow() {
    window.set_buffer(buffer);
    window.begin(buffer, longest, true);
    window.starts_at(1);
    window.open(buffer);
  }
  /// Segments of 448 bytes arrive, each in a buffer for 1500, and nobody reads.
  void arrive(std::uint32_t count) {
    for (; count > 0; --count) {
      window.advance(segment);
      used += packet;
      unread += segment;
      (void)window.grow(segment, packet, used, segment, 174760);
      (void)window.offer(used, segment, false);
    }
  }

  ReceiveWindow window;
  std::uint32_t used = 0, unread = 0;
};

TEST(FirstWindow, IsFourSegmentsButNotMoreThan32767Bytes) {
  ReceiveWindow window;
  window.begin(87380, 1460, true);
  EXPECT_EQ(window.offer(0, 1460, true), 4 * 1460U);
  window.begin(87380, 460, true);
  EXPECT_EQ(window.offer(0, 460, true), 4 * 460U);
  window.begin(87380, 16396, true);
  EXPECT_EQ(window.offer(0, 16396, true), 32767U) << "loopback";
  window.begin(4096, 1460, true);
  EXPECT_EQ(window.offer(0, 1460, true), 2 * 1460U) << "all there is, in whole segments";
}

TEST_F(CrowdedWindow, SmallSegmentsInLargeBuffersAreOfferedHalfOfWhatLargeOnesWouldBe) {
  arrive(100);
  EXPECT_GT(window.offered(), 30'000U);
  EXPECT_LT(window.offered(), 40'000U) << "a buffer of 256 KB";
}

TEST_F(CrowdedWindow, AFullBufferOffersTwoSegmentsMoreAtMost) {
  arrive(146);
  ASSERT_GT(used, buffer);
  window.overcommitted(used, unread, segment, false);
  used = unread;  // put together
  EXPECT_LE(window.selected(used, segment), 2 * longest);
  EXPECT_EQ(window.clamp(), unread - segment);
}

TEST_F(CrowdedWindow, WhatWasOfferedIsNotTakenBack) {
  arrive(146);
  const std::uint32_t left = window.left();
  ASSERT_GT(left, 2 * longest);
  window.overcommitted(used, unread, segment, false);
  (void)window.offer(used, segment, false);
  EXPECT_EQ(window.offered(), left);
}

TEST_F(CrowdedWindow, ABufferThatIsNotFullChangesNothing) {
  arrive(50);
  const std::uint32_t before = window.clamp();
  window.overcommitted(used, unread, segment, false);
  EXPECT_EQ(window.clamp(), before);
  EXPECT_GT(window.selected(used, segment), 2 * longest);
}

TEST_F(CrowdedWindow, WhatCameOutOfOrderDoesNotLimitItForGood) {
  arrive(146);
  const std::uint32_t before = window.clamp();
  window.overcommitted(used, unread, segment, true);
  EXPECT_EQ(window.clamp(), before);
}

}  // namespace
}  // namespace xensim
