/// Slabs for the data of packets: what they take from the page allocator, and when they give it back.
#include "models/guest/network/packet_pages.hpp"

#include <gtest/gtest.h>

#include "models/guest/network/packet_memory.hpp"
#include "models/io/tcp/settings.hpp"
#include "tests/models/guest/memory/swapping_fixture.hpp"

namespace xensim {
namespace {

struct PacketPagesTest : testing::Test {
  void send(std::uint32_t packets, std::uint32_t bytes = 1500) {
    std::vector<TcpBuffer> buffers;
    for (std::uint32_t i = 0; i < packets; ++i) buffers.push_back(*packets_of_guest.allocate(bytes));
    for (const TcpBuffer buffer : buffers) packets_of_guest.release(buffer);
  }
  [[nodiscard]] std::uint64_t did(KernelPath path) const { return fixture.base.did(path); }

  SwappingFixture fixture{4096, 64};
  GuestMemory& memory = fixture.pages();
  PacketMemory packets_of_guest{memory};
};

TEST_F(PacketPagesTest, APageComesFromThePageAllocatorOnlyWhenNoneOfTheSlabsIsFree) {
  for (int i = 0; i < 100; ++i) send(3);
  EXPECT_EQ(did(KernelPath::page_allocate), 3U);
  EXPECT_EQ(did(KernelPath::page_free), 0U);
  EXPECT_EQ(memory.packets.free_pages(), 3U);
  send(5);
  EXPECT_EQ(did(KernelPath::page_allocate), 5U);
}

TEST_F(PacketPagesTest, FragmentsOfALongPacketComeFromThePageAllocatorAndGoBack) {
  for (int i = 0; i < 10; ++i) send(1, 16384 + TcpSettings::header_room);
  EXPECT_EQ(did(KernelPath::page_allocate), 1U + 10 * 4);
  EXPECT_EQ(did(KernelPath::page_free), 10U * 4);
}

TEST_F(PacketPagesTest, TheLastFreedIsTheNextToBeUsed) {
  const PageNumber first = *memory.packets.allocate(), second = *memory.packets.allocate();
  memory.packets.free(first);
  memory.packets.free(second);
  EXPECT_EQ(*memory.packets.allocate(), second);
  EXPECT_EQ(*memory.packets.allocate(), first);
}

TEST_F(PacketPagesTest, ReclaimGetsFourFifthsOfTheFreePagesOfACacheThatDoesNotGrow) {
  send(10);
  EXPECT_EQ(memory.packets.reap(), 0U) << "it has just grown";
  EXPECT_EQ(memory.packets.reap(), 8U);
  EXPECT_EQ(did(KernelPath::page_free), 8U);
  EXPECT_EQ(memory.packets.free_pages(), 2U);
}

TEST_F(PacketPagesTest, WhoeverFreesMemoryFindsItInTheSlabsFirst) {
  send(50);
  (void)memory.packets.reap();
  const std::uint32_t before = memory.pages.free_pages();
  EXPECT_EQ(fixture.reclaim(), Reclaim::Next::freed);
  EXPECT_EQ(memory.pages.free_pages(), before + 40);
  EXPECT_EQ(did(KernelPath::reclaim_scan), 0U);
  EXPECT_EQ(fixture.audit({}), "");
}

TEST_F(PacketPagesTest, WithoutMemoryThereIsNoPacket) {
  while (memory.packets.allocate()) {
  }
  EXPECT_FALSE(packets_of_guest.allocate(1500));
}

}  // namespace
}  // namespace xensim
