#include <gtest/gtest.h>

#include "models/io/block/segments.hpp"
#include "models/io/block/virtual_block_devices.hpp"

namespace xensim {
namespace {

using Kind = DeviceNumber::Kind;
using Status = HypercallStatus;

constexpr std::uint8_t r = 1, w = 2, rw = 3;
constexpr auto may_read = BlockAccess::read, may_write = BlockAccess::write;

const MemoryDomain domain0{.id = DomainId{0}, .privileged = true};
const MemoryDomain guest{.id = DomainId{1}}, other{.id = DomainId{2}};

// --- Xen 1.0 ---

constexpr DeviceNumber ide = DeviceNumber::of(Kind::ide, 0), scsi = DeviceNumber::of(Kind::scsi, 3),
                       first_segment = DeviceNumber::of(Kind::segment, 0);

class Segments : public testing::Test {
 protected:
  BlockError error(const MemoryDomain& domain, DeviceNumber device, BlockAccess access,
                   std::uint32_t sector = 0, std::uint32_t sectors = 8) {
    return disks.translate(domain, device, access, sector, sectors).error;
  }
  DiskSegment segment(DomainId domain, std::uint32_t number,
                      DiskSegment::Mode mode = DiskSegment::Mode::read_write) {
    return {mode, domain, number, {{scsi, 100, 50}}};
  }
  SegmentedDisks disks{{ide, scsi}};
};

TEST_F(Segments, ADomainSeesItsOwnByItsOwnNumbers) {
  ASSERT_EQ(disks.create(domain0, segment(guest.id, 0)), Status::done);
  const BlockTranslation found = disks.translate(guest, first_segment, may_write, 5, 8);
  EXPECT_EQ(found.pieces[0], (DiskExtent{scsi, 105, 8}));
  EXPECT_EQ(error(other, first_segment, may_read), BlockError::no_device);
  EXPECT_EQ(error(domain0, first_segment, may_read), BlockError::no_device) << "not even domain 0";
}

TEST_F(Segments, AReadOnlySegmentIsNotWritten) {
  ASSERT_EQ(disks.create(domain0, segment(guest.id, 0, DiskSegment::Mode::read_only)), Status::done);
  EXPECT_EQ(error(guest, first_segment, may_read), BlockError::none);
  EXPECT_EQ(error(guest, first_segment, may_write), BlockError::no_access);
}

TEST_F(Segments, CreatingOneAgainReplacesIt) {
  ASSERT_EQ(disks.create(domain0, segment(guest.id, 0)), Status::done);
  DiskSegment again = segment(guest.id, 0);
  again.extents = {{ide, 7, 9}};
  ASSERT_EQ(disks.create(domain0, again), Status::done);
  EXPECT_EQ(disks.translate(guest, first_segment, may_read, 0, 9).pieces[0], (DiskExtent{ide, 7, 9}));
  EXPECT_EQ(disks.segments()[1].mode, DiskSegment::Mode::unused);
}

TEST_F(Segments, ThereAreAHundredForTheWholeMachine) {
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(disks.create(domain0, segment(DomainId{i % 7}, i)), Status::done);
  }
  EXPECT_EQ(disks.create(domain0, segment(DomainId{9}, 0)), Status::out_of_memory);
  disks.forget(DomainId{3});
  EXPECT_EQ(disks.create(domain0, segment(DomainId{9}, 0)), Status::done);
}

TEST_F(Segments, NonsenseIsRefused) {
  EXPECT_EQ(disks.create(guest, segment(guest.id, 0)), Status::not_permitted);
  EXPECT_EQ(disks.create(domain0, segment(guest.id, 100)), Status::invalid);
  EXPECT_EQ(disks.create(domain0, segment(guest.id, 0, DiskSegment::Mode::unused)), Status::invalid);
  DiskSegment empty = segment(guest.id, 0);
  empty.extents.push_back({scsi, 0, 0});
  EXPECT_EQ(disks.create(domain0, empty), Status::invalid);
  empty.extents.clear();
  EXPECT_EQ(disks.create(domain0, empty), Status::invalid);
  empty.extents.assign(101, {scsi, 0, 1});
  EXPECT_EQ(disks.create(domain0, empty), Status::invalid);
}

TEST_F(Segments, PhysicalDisksAreDomain0sAndWhoHasAGrant) {
  EXPECT_EQ(error(domain0, scsi, may_write, 123456), BlockError::none);
  EXPECT_EQ(error(domain0, DeviceNumber::of(Kind::scsi, 4), may_read), BlockError::no_device);
  EXPECT_EQ(error(guest, scsi, may_read), BlockError::no_access);
  ASSERT_EQ(disks.grant(domain0, guest.id, {scsi, 1, 1000, 100, r}), Status::done);
  EXPECT_EQ(error(guest, scsi, may_read, 1000, 100), BlockError::none);
  EXPECT_EQ(error(guest, scsi, may_read, 999), BlockError::no_access);
  EXPECT_EQ(error(guest, scsi, may_read, 1100), BlockError::no_access);
  EXPECT_EQ(error(guest, scsi, may_write, 1000), BlockError::no_access);
  EXPECT_EQ(error(other, scsi, may_read, 1000), BlockError::no_access);
  EXPECT_EQ(disks.grant(guest, guest.id, {scsi, 1, 0, 1, rw}), Status::not_permitted);
  EXPECT_EQ(disks.grant(domain0, guest.id, {DeviceNumber::of(Kind::ide, 9), 1, 0, 1, rw}), Status::invalid);
}

TEST_F(Segments, AsShippedOnlyTheFirstSectorOfARequestIsHeldAgainstTheGrants) {
  SegmentedDisks intended({scsi}, SegmentedDisks::GrantCheck::intended);
  for (SegmentedDisks* one : {&disks, &intended}) {
    ASSERT_EQ(one->grant(domain0, guest.id, {scsi, 1, 1000, 4, rw}), Status::done);
  }
  EXPECT_EQ(error(guest, scsi, may_write, 1003, 8), BlockError::none);
  EXPECT_EQ(intended.translate(guest, scsi, may_write, 1003, 8).error, BlockError::no_access);
  ASSERT_EQ(intended.grant(domain0, guest.id, {scsi, 1, 1004, 7, rw}), Status::done);
  EXPECT_EQ(intended.translate(guest, scsi, may_write, 1003, 8).error, BlockError::none) << "by two grants";
}

// --- Xen 1.2 ---

constexpr DeviceNumber sda{0x0800}, sda1{0x0801}, hda1{0x0301};

class Vbds : public testing::Test {
 protected:
  BlockError error(const MemoryDomain& domain, DeviceNumber device, BlockAccess access,
                   std::uint32_t sector = 0, std::uint32_t sectors = 8) {
    return vbds.translate(domain, device, access, sector, sectors).error;
  }
  VirtualBlockDevices vbds{{sda}};
};

TEST_F(Vbds, ModesSayWhatIsAllowed) {
  ASSERT_EQ(vbds.create(domain0, guest.id, hda1, r), Status::done);
  ASSERT_EQ(vbds.create(domain0, guest.id, sda1, w), Status::done);
  for (const DeviceNumber device : {hda1, sda1}) {
    ASSERT_EQ(vbds.grow(domain0, guest.id, device, {sda, 0, 100}), Status::done);
  }
  EXPECT_EQ(error(guest, hda1, may_read), BlockError::none);
  EXPECT_EQ(error(guest, hda1, may_write), BlockError::no_access);
  EXPECT_EQ(error(guest, sda1, may_read), BlockError::no_access);
  EXPECT_EQ(error(guest, sda1, may_write), BlockError::none);
  EXPECT_EQ(error(guest, sda, may_read), BlockError::no_device);
  EXPECT_EQ(error(other, hda1, may_read), BlockError::no_device);
}

TEST_F(Vbds, GrowAndShrinkAtTheEnd) {
  ASSERT_EQ(vbds.create(domain0, guest.id, hda1, rw), Status::done);
  EXPECT_EQ(error(guest, hda1, may_read), BlockError::out_of_range) << "nothing there yet";
  ASSERT_EQ(vbds.grow(domain0, guest.id, hda1, {sda, 1000, 10}), Status::done);
  ASSERT_EQ(vbds.grow(domain0, guest.id, hda1, {sda, 3000, 10}), Status::done);
  EXPECT_EQ(vbds.find(guest.id, hda1)->capacity(), 20U);
  EXPECT_EQ(vbds.translate(guest, hda1, may_read, 6, 8).pieces[1], (DiskExtent{sda, 3000, 4}));
  ASSERT_EQ(vbds.shrink(domain0, guest.id, hda1), Status::done);
  EXPECT_EQ(error(guest, hda1, may_read, 6), BlockError::out_of_range);
  const std::vector<DiskExtent> extents{{sda, 1, 2}, {sda, 5, 6}};
  ASSERT_EQ(vbds.set_extents(domain0, guest.id, hda1, extents), Status::done);
  EXPECT_EQ(vbds.find(guest.id, hda1)->extents, extents);
}

TEST_F(Vbds, NonsenseIsRefused) {
  EXPECT_EQ(vbds.create(guest, guest.id, hda1, rw), Status::not_permitted);
  EXPECT_EQ(vbds.grow(guest, guest.id, hda1, {sda, 0, 1}), Status::not_permitted);
  EXPECT_EQ(vbds.shrink(guest, guest.id, hda1), Status::not_permitted);
  EXPECT_EQ(vbds.set_extents(guest, guest.id, hda1, {}), Status::not_permitted);
  EXPECT_EQ(vbds.remove(guest, guest.id, hda1), Status::not_permitted);
  EXPECT_EQ(vbds.grow(domain0, guest.id, hda1, {sda, 0, 1}), Status::invalid) << "there is none";
  EXPECT_EQ(vbds.remove(domain0, guest.id, hda1), Status::invalid);
  ASSERT_EQ(vbds.create(domain0, guest.id, hda1, rw), Status::done);
  EXPECT_EQ(vbds.create(domain0, guest.id, hda1, r), Status::invalid) << "there is one";
  EXPECT_EQ(vbds.grow(domain0, guest.id, hda1, {sda, 0, 0}), Status::invalid);
  EXPECT_EQ(vbds.shrink(domain0, guest.id, hda1), Status::invalid);
  EXPECT_EQ(vbds.remove(domain0, guest.id, hda1), Status::done);
  EXPECT_EQ(error(guest, hda1, may_read), BlockError::no_device);
}

TEST_F(Vbds, APrivilegedDomainReachesThePhysicalDiskByItsNumber) {
  EXPECT_EQ(vbds.translate(domain0, sda1, may_write, 77, 8).pieces[0], (DiskExtent{sda, 77, 8}));
  EXPECT_EQ(error(domain0, hda1, may_read), BlockError::no_device) << "no such disk";
  ASSERT_EQ(vbds.create(domain0, domain0.id, sda1, r), Status::done);
  EXPECT_EQ(error(domain0, sda1, may_write), BlockError::no_access) << "its own device comes first";
}

TEST_F(Vbds, ADeadDomainHasNone) {
  ASSERT_EQ(vbds.create(domain0, guest.id, hda1, rw), Status::done);
  ASSERT_EQ(vbds.create(domain0, other.id, hda1, rw), Status::done);
  vbds.forget(guest.id);
  EXPECT_EQ(vbds.find(guest.id, hda1), nullptr);
  EXPECT_NE(vbds.find(other.id, hda1), nullptr);
}

}  // namespace
}  // namespace xensim
