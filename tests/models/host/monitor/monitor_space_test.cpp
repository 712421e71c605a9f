/// What a domain costs the monitor of its own memory.
#include "models/host/monitor/monitor_space.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/models/io/net/net_bench.hpp"
#include "tests/project_folder.hpp"

namespace xensim {
namespace {

constexpr std::int64_t page = 4096;
constexpr std::int64_t alone = 4 * page;  ///< task structure and stack, shared page, page table
constexpr DeviceNumber drive = DeviceNumber::of(DeviceNumber::Kind::scsi, 0);

std::int64_t bytes_of(DomainId domain, const MonitorParts& parts) {
  return total(structures_of(domain, parts)).count;
}

DiskSegment segment(DomainId domain, std::uint32_t number, std::size_t extents) {
  DiskSegment made{.mode = DiskSegment::Mode::read_write, .domain = domain, .number = number};
  for (std::uint32_t i = 0; i < extents; ++i) made.extents.push_back({drive, 1000 * i, 100});
  return made;
}

TEST(MonitorSpace, ADomainWithoutDevicesCostsFourPages) { EXPECT_EQ(bytes_of(DomainId{1}, {}), alone); }

TEST(MonitorSpace, EachInterfaceHasItsRingsAndWhatStandsBehindThem) {
  test::NetBench bench(160);
  const test::NetGuest guest = bench.add(48);
  const DomainId domain = guest.domain.id;
  const std::int64_t one = bytes_of(domain, {.network = &bench.net});
  EXPECT_GT(one, alone + page + 2 * 256 * 12) << "a page of rings, two shadow rings";
  const std::size_t rules = bench.net.rules().list().size();
  ASSERT_TRUE(bench.net.add(guest.domain, bench.memory.cpu, "second").has_value());
  EXPECT_EQ(bench.net.rules().list().size(), rules);
  const std::int64_t two = bytes_of(domain, {.network = &bench.net});
  EXPECT_EQ(two - one, page + 2 * 256 * 12 + 128);
  bench.net.remove(VifId::of(domain, 1));
  EXPECT_EQ(bytes_of(domain, {.network = &bench.net}), one);
  EXPECT_EQ(bytes_of(DomainId{domain.value + 1}, {.network = &bench.net}), alone) << "another's are its own";
}

TEST(MonitorSpace, TheDocumentHasTheSizesThatAreCounted) {
  std::ifstream file(project_folder() / "docs/footprint.md");
  const std::string document(std::istreambuf_iterator<char>(file), {});
  for (const MonitorStructure& structure : structures_of(DomainId{1}, {})) {
    EXPECT_THAT(document, testing::HasSubstr(fmt::format("| {} | {} | ", structure.name, structure.bytes)));
  }
}

TEST(MonitorSpace, RulesThatNameItCount) {
  test::NetBench bench(160);
  const test::NetGuest guest = bench.add(48);
  const std::int64_t before = bytes_of(guest.domain.id, {.network = &bench.net});
  const FilterRule rule{.source_vif = guest.id, .destination_vif = physical_vif};
  ASSERT_EQ(bench.net.add_rule(bench.memory.domain0, rule), HypercallStatus::done);
  ASSERT_EQ(bench.net.add_rule(bench.memory.domain0, FilterRule{}), HypercallStatus::done);
  EXPECT_EQ(bytes_of(guest.domain.id, {.network = &bench.net}), before + 40) << "the other names nobody";
}

TEST(MonitorSpace, APacketToBeSentHasAHeaderOfItsOwn) {
  test::NetBench bench(160);
  test::NetGuest guest = bench.add(48);
  const std::int64_t before = bytes_of(guest.domain.id, {.network = &bench.net});
  bench.vif(guest).to_send.resize(3);
  EXPECT_EQ(bytes_of(guest.domain.id, {.network = &bench.net}), before + 3 * 34);
}

TEST(MonitorSpace, OneRingServesAllDisksWhichCostTheirExtents) {
  MachineMemory machine(xen_1_0_memory, 64, 16);
  const MemoryDomain domain0{.id = DomainId{0}, .privileged = true}, domain{.id = DomainId{1}};
  SegmentedDisks disks({drive});
  BlockService service(machine, disks);
  const MonitorParts parts{.network = nullptr, .rings = &service, .disks = &disks};
  EXPECT_EQ(bytes_of(domain.id, parts), alone);
  service.attach(domain);
  EXPECT_EQ(bytes_of(domain.id, parts), alone + page);
  ASSERT_EQ(disks.create(domain0, segment(domain.id, 0, 1)), HypercallStatus::done);
  ASSERT_EQ(disks.create(domain0, segment(domain.id, 1, 3)), HypercallStatus::done);
  EXPECT_EQ(bytes_of(domain.id, parts), alone + page + 4 * 12);
  ASSERT_EQ(disks.grant(domain0, domain.id, {.disk = drive, .start = 0, .sectors = 8, .modes = 1}),
            HypercallStatus::done);
  EXPECT_EQ(bytes_of(domain.id, parts), alone + page + 4 * 12 + 24);
  disks.forget(domain.id);
  service.detach(domain.id);
  EXPECT_EQ(bytes_of(domain.id, parts), alone);
}

}  // namespace
}  // namespace xensim
