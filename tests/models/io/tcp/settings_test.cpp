/// What a machine's TCP takes from its memory.
#include "models/io/tcp/settings.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

constexpr TcpSettings of_megabytes(std::uint32_t megabytes) {
  return TcpSettings::of_memory(megabytes * 256);
}

TEST(TcpSettings, AMachineOfMoreThan128MegabytesHasTheHighPortsAndRoomFor1024Requests) {
  for (const std::uint32_t megabytes : {192U, 256U, 512U, 1024U}) {
    EXPECT_EQ(of_megabytes(megabytes).first_port, 32768U) << megabytes;
    EXPECT_EQ(of_megabytes(megabytes).last_port, 61000U) << megabytes;
    EXPECT_EQ(of_megabytes(megabytes).most_requests, 1024U) << megabytes;
  }
}

TEST(TcpSettings, OneOf64Or128MegabytesHasTheLowPortsAndRoomFor256) {
  for (const std::uint32_t megabytes : {64U, 128U}) {
    EXPECT_EQ(of_megabytes(megabytes).first_port, 1024U) << megabytes;
    EXPECT_EQ(of_megabytes(megabytes).last_port, 4999U) << megabytes;
    EXPECT_EQ(of_megabytes(megabytes).most_requests, 256U) << megabytes;
    EXPECT_EQ(of_megabytes(megabytes).receive_buffer, 87380U) << megabytes;
  }
}

TEST(TcpSettings, OneOf32MegabytesHasHalfTheBuffersFewerPortsAndRoomFor128) {
  EXPECT_EQ(of_megabytes(32).first_port, 2048U);
  EXPECT_EQ(of_megabytes(32).last_port, 4999U);
  EXPECT_EQ(of_megabytes(32).most_requests, 128U);
  EXPECT_EQ(of_megabytes(32).receive_buffer, 43689U);
  EXPECT_EQ(of_megabytes(32).max_send_buffer, 65536U);
}

TEST(TcpSettings, ManyConnectionsMayWaitAfterTheirEnd) {
  EXPECT_EQ(of_megabytes(512).most_waiting, 180'000U);
  EXPECT_EQ(of_megabytes(192).most_waiting, 180'000U);
  EXPECT_EQ(of_megabytes(128).most_waiting, 16'384U);
  EXPECT_EQ(of_megabytes(64).most_waiting, 16'384U);
  EXPECT_EQ(of_megabytes(32).most_waiting, 8'192U);
}

TEST(TcpSettings, AnOptionMaySetTwice128KBFrom512MegabytesOn) {
  EXPECT_EQ(of_megabytes(512).option_limit, 131071U);
  EXPECT_EQ(of_megabytes(511).option_limit, 65535U);
  EXPECT_EQ(of_megabytes(16).option_limit, 32767U);
}

}  // namespace
}  // namespace xensim
