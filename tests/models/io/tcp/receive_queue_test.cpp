/// What a connection has received and nobody has read yet.
#include "models/io/tcp/receive_queue.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "models/io/tcp/settings.hpp"

namespace xensim {
namespace {

/// Memory of the receiving machine: each buffer's payload is the bytes' own numbers in the stream.
class Memory final : public TcpHost {
 public:
  TcpBuffer add(Sequence first, std::uint32_t bytes) {
    buffers_.emplace_back();
    for (std::uint32_t i = 0; i < bytes; ++i) buffers_.back().push_back(first + i);
    ++held;
    return {static_cast<std::uint32_t>(buffers_.size() - 1)};
  }
  bool transmit(TcpConnection&, const TcpSegment&, TcpBuffer) override { return true; }
  void changed(TcpConnection&, TcpChange) override {}
  std::optional<TcpBuffer> allocate(std::uint32_t bytes) override {
    if (left == 0) return {};
    --left;
    return add(0, bytes);
  }
  void move(TcpBuffer from, std::uint32_t offset, TcpBuffer to, std::uint32_t at,
            std::uint32_t bytes) override {
    for (std::uint32_t i = 0; i < bytes; ++i) {
      buffers_[to.value].at(at + i) = buffers_[from.value].at(offset + i);
    }
  }
  void drain(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes) override {
    for (std::uint32_t i = 0; i < bytes; ++i) read.push_back(buffers_[buffer.value].at(offset + i));
  }
  void release(TcpBuffer) override { --held; }

  std::vector<Sequence> read;
  int held = 0;    ///< buffers
  int left = 100;  ///< that can be allocated

 private:
  std::vector<std::vector<Sequence>> buffers_;
};

struct ReceiveQueueTest : ::testing::Test {
  /// Segments one after another, each in a device's large buffer.
  void receive(std::uint32_t segments, std::uint32_t length) {
    for (std::uint32_t i = 0; i < segments; ++i, next += length) {
      queue.append({.sequence = next,
                    .length = length,
                    .size = TcpSettings::receive_size(length + 66),
                    .buffer = memory.add(next, length)});
    }
  }
  void expect_all_bytes_in_order() {
    const std::uint32_t readable = queue.readable();
    EXPECT_EQ(queue.read(readable, memory), readable);
    for (std::size_t i = 0; i < memory.read.size(); ++i) ASSERT_EQ(memory.read[i], i);
    EXPECT_EQ(memory.read.size(), next);
    EXPECT_EQ(memory.held, 0);
    EXPECT_EQ(queue.size(), 0U);
  }
  Memory memory;
  ReceiveQueue queue;
  Sequence next = 0;
};

TEST_F(ReceiveQueueTest, ASegmentIsReadByItself) {
  receive(3, 100);
  EXPECT_EQ(queue.read_segment(1000, memory), 100U);
  EXPECT_EQ(queue.read_segment(30, memory), 30U);
  EXPECT_EQ(queue.read_segment(1000, memory), 70U);
  EXPECT_EQ(queue.readable(), 100U);
  expect_all_bytes_in_order();
  EXPECT_EQ(queue.read_segment(1000, memory), 0U);
}

TEST_F(ReceiveQueueTest, SmallSegmentsPutTogetherTakeAThirdOfTheMemory) {
  receive(100, 448);
  const std::uint32_t before = queue.size();
  queue.compact(memory);
  EXPECT_LT(queue.size(), before / 3);
  EXPECT_LT(memory.held, 15);
  expect_all_bytes_in_order();
}

TEST_F(ReceiveQueueTest, WhatIsDenseAlreadyStaysWhereItIs) {
  receive(20, 1448);
  const std::uint32_t before = queue.size();
  queue.compact(memory);
  EXPECT_EQ(queue.size(), before);
  EXPECT_EQ(memory.held, 20);
  receive(50, 448);
  queue.compact(memory);
  const std::uint32_t dense = queue.size();
  queue.compact(memory);
  EXPECT_EQ(queue.size(), dense) << "nothing is gained twice";
  expect_all_bytes_in_order();
}

TEST_F(ReceiveQueueTest, WithoutMemoryNothingIsLost) {
  memory.left = 2;
  receive(100, 448);
  ASSERT_EQ(queue.read_segment(100, memory), 100U) << "begins within a segment";
  queue.compact(memory);
  expect_all_bytes_in_order();
}

}  // namespace
}  // namespace xensim
