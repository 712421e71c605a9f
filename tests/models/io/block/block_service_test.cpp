#include "models/io/block/block_service.hpp"

#include <gtest/gtest.h>

#include "tests/models/io/block/block_bench.hpp"

namespace xensim {
namespace {

using test::BlockBench;
using test::Counts;
using Status = BlockStatus;

constexpr auto read = BlockOperation::read, write = BlockOperation::write;

class Block : public testing::Test {
 protected:
  ~Block() override { EXPECT_EQ(bench.audit(), ""); }

  /// What a request is answered at once, or ok if it goes to the disk.
  Status status_of(const BlockRequest& request) {
    const std::uint32_t slot = bench.service.page(a.domain.id).response_producer;
    bench.publish_and_run(a, request);
    return bench.service.page(a.domain.id).response_producer == slot ? Status::ok
                                                                     : bench.response(a, slot).status;
  }

  BlockBench bench;
  BlockBench::Guest a = bench.add(), b = bench.add();
};

TEST_F(Block, ARequestIsAnsweredWhenItsLastPieceIsDone) {
  BlockRequest request = bench.request(a, write, 996);
  request.id = 42;
  bench.publish_and_run(a, request);
  ASSERT_EQ(bench.at_disk.size(), 2U) << "across the end of an extent";
  EXPECT_EQ(bench.at_disk[0].where, (DiskExtent{test::sda, 5'000'996, 4}));
  EXPECT_EQ(bench.at_disk[1].where, (DiskExtent{test::sda, 1'000'000, 4}));
  EXPECT_EQ(bench.at_disk[1].memory.value, bench.at_disk[0].memory.value + 4 * 512);
  bench.finish();
  EXPECT_TRUE(bench.service.owed.events.empty());
  bench.finish();
  EXPECT_EQ(bench.response(a, 0), (BlockResponse{42, 1, Status::ok}));
  EXPECT_EQ(bench.service.owed.events, std::vector{a.domain.id});
}

TEST_F(Block, OnePieceThatFailsFailsTheRequest) {
  bench.publish_and_run(a, bench.request(a, write, 996));
  bench.finish(1, false);
  bench.finish(1, true);
  EXPECT_EQ(bench.response(a, 0).status, Status::io_error);
}

TEST_F(Block, AFrameIsPinnedOnceForEachPieceThatTouchesIt) {
  bench.publish_and_run(a, bench.request(a, write, 996));
  EXPECT_EQ(bench.counts(a, 10), (Counts{3, 1}));
  bench.finish(2);
  EXPECT_EQ(bench.counts(a, 10), (Counts{1, 1}));
  bench.publish_and_run(a, bench.request(a, read, 996));
  EXPECT_EQ(bench.counts(a, 10), (Counts{3, 3})) << "a device writes to it";
  bench.finish(2);
}

TEST_F(Block, WhatADeviceReadsIntoCannotBecomeAPageTable) {
  const FrameNumber frame = a.image.pages[10];
  ASSERT_EQ(
      bench.memory.update(a.domain, {bench.memory.entry(a.image.table(0), 10, PageTableEntry{})}).status,
      HypercallStatus::done);
  bench.publish_and_run(a, bench.request(a, read));
  EXPECT_EQ(bench.counts(a, 10), (Counts{1, 1}));
  EXPECT_FALSE(take_table(bench.memory.as(a.domain), frame, FrameType::l1));
  bench.finish();
  EXPECT_TRUE(take_table(bench.memory.as(a.domain), frame, FrameType::l1));
  drop_table(bench.memory.as(a.domain), frame, FrameType::l1);
}

TEST_F(Block, PageTablesMayBeWrittenToDiskButNotReadFromIt) {
  EXPECT_EQ(status_of(bench.request(a, read, 0, 1)), Status::bad_request);
  EXPECT_EQ(status_of(bench.request(a, write, 0, 1)), Status::ok);
  bench.finish();
}

TEST_F(Block, EveryFrameOfABufferMustBeTheDomains) {
  EXPECT_EQ(status_of(bench.request(a, write, 0, 60, 4 * 8)), Status::ok);
  EXPECT_EQ(status_of(bench.request(a, write, 0, 60, 4 * 8 + 1)), Status::bad_request) << "into b's memory";
  BlockRequest request = bench.request(a, write);
  for (const std::uint32_t address : {0U, 0xfffffe00U, b.image.pages[5].value * page_size}) {
    request.buffers[0] = BufferRun::of({address}, 8);
    EXPECT_EQ(status_of(request), Status::bad_request) << address;
  }
  bench.finish();
}

TEST_F(Block, RequestsHaveOneToTwelveSegmentsOfSomeSectors) {
  BlockRequest request = bench.request(a, write);
  request.buffers.fill(bench.run_of(a, 10));
  for (const std::uint8_t segments : {std::uint8_t{0}, std::uint8_t{13}, std::uint8_t{255}}) {
    request.segments = segments;
    EXPECT_EQ(status_of(request), Status::bad_request);
  }
  request.segments = 12;
  EXPECT_EQ(status_of(request), Status::ok);
  EXPECT_EQ(bench.at_disk.size(), 12U);
  EXPECT_EQ(bench.at_disk[11].where.start, 5'000'000U + 88U);
  request.buffers[7] = bench.run_of(a, 10, 0);
  EXPECT_EQ(status_of(request), Status::bad_request);
  bench.finish(12);
}

TEST_F(Block, UnknownOperationsAndDevicesAreRefused) {
  BlockRequest request = bench.request(a, write);
  for (const int operation : {2, 4, 5, 12, 255}) {
    request.operation = static_cast<std::uint8_t>(operation);
    EXPECT_EQ(status_of(request), Status::bad_request) << operation;
  }
  request = bench.request(a, write);
  request.device = test::sda;
  EXPECT_EQ(status_of(request), Status::bad_request);
  EXPECT_EQ(status_of(bench.request(a, write, UINT32_MAX)), Status::bad_request);
  EXPECT_EQ(bench.counts(a, 10), (Counts{1, 1}));
}

TEST_F(Block, ARequestOf24PiecesIsRefused) {
  // Two extents by turns, so that every run of two sectors crosses from one to the next.
  std::vector<DiskExtent> extents(30, DiskExtent{test::sda, 0, 2});
  extents[0].sectors = 1;
  bench.vbds.set_extents(bench.memory.domain0, a.domain.id, test::hda1, extents);
  BlockRequest request = bench.request(a, write);
  request.buffers.fill(bench.run_of(a, 10, 2));
  request.segments = 12;
  EXPECT_EQ(status_of(request), Status::bad_request);
  request.segments = 11;
  EXPECT_EQ(status_of(request), Status::ok);
  EXPECT_EQ(bench.at_disk.size(), 22U);
  bench.finish(22);
}

TEST_F(Block, ADomainAloneIsServedInTurnsOf16) {
  bench.publish(a, 63);
  bench.signal(a);
  bench.run();
  EXPECT_EQ(bench.service.pending(), 63U);
  EXPECT_EQ(bench.service.work[BlockStep::service_run], 1U);
  bench.finish(63);
  EXPECT_EQ(bench.service.owed.events.size(), 63U) << "one a response";
}

TEST_F(Block, TwoDomainsShareTheWindowOf64RequestByRequest) {
  bench.publish(a, 63);
  bench.publish(b, 63);
  bench.signal(a);
  bench.signal(b);
  bench.run();
  EXPECT_EQ(bench.order(), "16A 16B 16A 16B");
  EXPECT_EQ(bench.service.pending(), 64U);
  bench.finish(32);
  EXPECT_FALSE(bench.service.owed.run) << "32 are still too many";
  bench.finish(1);
  EXPECT_TRUE(bench.service.owed.run);
  bench.at_disk.clear();
  bench.service.owed.run = false;
  bench.service.run(bench.at_disk);
  EXPECT_EQ(bench.order(), "16A 16B 1A") << "33 more, the head of the list first";
  EXPECT_EQ(bench.service.pending(), 64U);
}

TEST_F(Block, ALoneReaderBehindACrowdWaitsUntilFewerThan32ArePending) {
  bench.publish(a, 63);
  bench.signal(a);
  bench.run();
  bench.publish(b, 1);
  bench.signal(b);
  EXPECT_FALSE(bench.service.owed.run);
  bench.finish(31);
  EXPECT_FALSE(bench.service.owed.run);
  bench.finish(1);
  bench.run();
  EXPECT_EQ(bench.order(), "31A 1B");
}

TEST_F(Block, SignalsDoNotListADomainTwice) {
  bench.publish(a, 63);
  for (int i = 0; i < 3; ++i) bench.signal(a);
  EXPECT_EQ(bench.audit(), "");
  bench.run();
  EXPECT_EQ(bench.service.pending(), 63U);
  bench.service.signal(DomainId{77});
}

TEST_F(Block, AtMost63RequestsOfADomainWaitForResponses) {
  bench.publish(a, 63);
  bench.signal(a);
  bench.run();
  bench.finish(33);
  bench.publish(a, 60);  // more than there are responses
  bench.signal(a);
  bench.run();
  EXPECT_EQ(bench.service.pending(), 63U);
}

TEST_F(Block, ADetachedDomainsRequestsEndWithoutResponse) {
  bench.publish(a, 20);
  bench.signal(a);
  bench.run();
  bench.service.detach(a.domain.id);
  EXPECT_EQ(bench.service.pending(a.domain.id), 20U);
  EXPECT_EQ(bench.counts(a, 10), (Counts{21, 1})) << "the disks still read there";
  bench.service.attach(a.domain);
  bench.finish(20);
  EXPECT_EQ(bench.service.page(a.domain.id).response_producer, 0U);
  EXPECT_TRUE(bench.service.owed.events.empty());
  EXPECT_EQ(bench.counts(a, 10), (Counts{1, 1}));
}

}  // namespace
}  // namespace xensim
