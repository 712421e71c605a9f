#include "models/memory/audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using test::DomainImage;
using test::MemoryBench;
using test::read_only;
using test::writable;
using testing::AllOf;
using testing::HasSubstr;

/// A running domain whose memory is sound, until a test puts something behind the monitor's back.
class MemoryAudit : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(bench.audit(), ""); }
  void put(std::uint32_t page, std::uint32_t index, PageTableEntry entry) {
    bench.machine.contents.store(frames[page], index, entry.bits);
  }
  [[nodiscard]] std::string name(std::uint32_t page) const {
    return "frame " + std::to_string(frames[page].value);
  }

  MemoryBench bench{xen_1_0_memory};
  std::pair<MemoryDomain&, DomainImage> started = bench.add_running(40);
  MemoryDomain& domain = started.first;
  const std::vector<FrameNumber>& frames = started.second.pages;
};

TEST_F(MemoryAudit, FindsAReferenceThatIsNotCounted) {
  put(1, 100, read_only(frames[9]));
  EXPECT_THAT(bench.audit(), AllOf(HasSubstr(name(9) + " of domain 1 counts 1"),
                                   HasSubstr("there are 2 and 1"), HasSubstr("entry 100 of " + name(1))));
}

TEST_F(MemoryAudit, FindsACountWithoutAReference) {
  put(1, 9, {});
  EXPECT_THAT(bench.audit(), AllOf(HasSubstr(name(9)), HasSubstr("there are 0 and 0")));
}

TEST_F(MemoryAudit, FindsAWritableMappingOfATable) {
  put(1, 1, writable(frames[1]));
  EXPECT_THAT(bench.audit(), AllOf(HasSubstr("entry 1 of " + name(1)), HasSubstr("but that is l1")));
}

TEST_F(MemoryAudit, FindsADirectoryEntryForAPage) {
  put(0, 3, writable(frames[9]));
  EXPECT_THAT(bench.audit(), AllOf(HasSubstr("entry 3 of " + name(0)), HasSubstr("as l1")));
}

TEST_F(MemoryAudit, FindsAWritableMappingOfTheDirectoryByItself) {
  put(0, 3, read_only(frames[0]));
  EXPECT_EQ(bench.audit(), "");
  put(0, 3, writable(frames[0]));
  EXPECT_THAT(bench.audit(), HasSubstr("entry 3 of " + name(0)));
}

TEST_F(MemoryAudit, FindsAMappingOfAnothersFrameAndOfNone) {
  const FrameNumber foreign = bench.add(1).frames.first;
  put(1, 9, read_only(foreign));
  EXPECT_THAT(bench.audit(),
              AllOf(HasSubstr("entry 9 of " + name(1) + " is of domain 1"), HasSubstr("of domain 2")));
  put(1, 9, read_only({9999}));
  EXPECT_THAT(bench.audit(), HasSubstr("frame 9999, which does not exist"));
}

TEST_F(MemoryAudit, DoesNotMindWhatAPrivilegedDomainMaps) {
  const FrameNumber table = bench.machine.frames.allocate(bench.domain0);
  ASSERT_EQ(bench
                .update(bench.domain0, {bench.extended(ExtendedCommand::pin_l1, table),
                                        bench.entry(table, 0, writable(frames[9]))})
                .status,
            HypercallStatus::done);
  EXPECT_EQ(bench.audit(), "");
}

TEST_F(MemoryAudit, FindsABaseThatIsNoDirectory) {
  domain.base = frames[9];
  EXPECT_THAT(bench.audit(), AllOf(HasSubstr("the base of domain 1"), HasSubstr("as l2")));
}

TEST_F(MemoryAudit, FindsADescriptorSlotThatIsNotCounted) {
  domain.gdt[2] = frames[9];
  EXPECT_THAT(bench.audit(), HasSubstr("GDT slot 2 of domain 1"));
  domain.gdt[2] = {};
  domain.ldt.slots[3] = frames[9];
  EXPECT_THAT(bench.audit(), HasSubstr("LDT slot 3 of domain 1"));
}

TEST_F(MemoryAudit, CountsWhatIsHeldElsewhere) {
  bench.machine.frames.hold(frames[9]);
  EXPECT_THAT(bench.audit(), HasSubstr(name(9) + " of domain 1 counts 2"));
  const HeldReference device{frames[9], 1, 0, "a disk request"};
  EXPECT_EQ(bench.audit({&device, 1}), "");
  bench.machine.frames.let_go(frames[9]);
  EXPECT_THAT(bench.audit({&device, 1}), HasSubstr("a disk request"));
}

TEST_F(MemoryAudit, FindsAProcessorThatMayStillWriteToATable) {
  const auto cached = [&](std::uint32_t page, bool may_write) {
    const CachedTranslation translation{domain.id, {0xc0009000}, frames[page], may_write};
    return bench.audit({}, {&translation, 1});
  };
  EXPECT_EQ(cached(9, true), "");
  EXPECT_EQ(cached(1, false), "");
  EXPECT_THAT(cached(1, true), AllOf(HasSubstr(name(1) + " at page 0xc0009000"), HasSubstr("in use as l1")));
}

TEST_F(MemoryAudit, FindsAProcessorThatMayStillWriteToWhatWasGivenBack) {
  const CachedTranslation translation{domain.id, {0xc0009000}, bench.machine.frames.free().first, true};
  EXPECT_THAT(bench.audit({}, {&translation, 1}), HasSubstr("is not its own"));
}

TEST_F(MemoryAudit, FindsABrokenList) {
  --domain.frames.count;
  EXPECT_THAT(bench.audit(), HasSubstr("the list of domain 1"));
}

}  // namespace
}  // namespace xensim
