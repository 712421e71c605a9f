/// Disks that domains share, from their programs through rings, monitor and drive, and back.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/json.hpp"
#include "models/guest/memory/area.hpp"
#include "models/guest/processes/self.hpp"
#include "models/io/block_io.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

/// What a program asks of a raw disk, and what it got.
struct DiskPlan {
  std::vector<Self::RawTransfer> transfers;  ///< their buffers are filled in
  int rounds = 1;
  std::int64_t size = 0;
  std::vector<std::int64_t> results{}, times{};
};

Program carries_out_on_disk(Self self, DiskPlan& plan) {
  const Self::MapRequest memory{.length = Self::longest_transfer,
                                .flags = AreaFlags::read | AreaFlags::write};
  const Address buffer{static_cast<std::uint32_t>(co_await self.mmap(memory))};
  plan.size = co_await self.disk_size(0);
  for (int round = 0; round < plan.rounds; ++round) {
    for (Self::RawTransfer transfer : plan.transfers) {
      transfer.buffer.value += buffer.value;
      plan.results.push_back(co_await self.raw_io(transfer));
      plan.times.push_back(co_await self.clock());
    }
  }
}
Program on_disk(DiskPlan& plan) {
  const Self::Body body = [&plan](Self self) { return carries_out_on_disk(self, plan); };
  return executes(body);
}

class DiskTrace final : public TraceSink {
 public:
  void record(const TraceRecord& /*record*/) override {}
  void disk(const DiskRecord& record) override { all.push_back(record); }
  std::vector<DiskRecord> all;
};

Json xen_with_disk(const Json& more = Json::object()) {
  Json platform{{"name", "xen"}, {"memory", "16 MiB"}, {"swap", "64 MiB"}, {"file_system", "64 MiB"}};
  platform.update(more);
  return platform;
}
constexpr std::uint64_t domain_sectors = (std::uint64_t{128} << 20) / sector_bytes;

/// The audit of a whole machine's frames takes too long after each scheduling pass.
TestHost::Options quick(TraceSink* trace = nullptr, bool strict = false) {
  return {.strict = strict, .audit = false, .trace = trace};
}

TEST(XenDisk, IsSharedByDomainsEachOfWhichSeesItsPartOnly) {
  DiskTrace trace;
  DiskPlan first{.transfers = {{.sector = 80, .bytes = 4096}, {.sector = domain_sectors, .bytes = 512}}};
  DiskPlan second{.transfers = {{.sector = 80, .bytes = 4096, .write = true}}};
  TestHost host(xen_with_disk(), quick(&trace));
  host.start(on_disk(first));
  host.start(on_disk(second));
  host.run_until(200ms);
  EXPECT_EQ(first.size, static_cast<std::int64_t>(domain_sectors));
  EXPECT_EQ(first.results, (std::vector<std::int64_t>{4096, -static_cast<std::int64_t>(CallError::invalid)}));
  EXPECT_EQ(second.results, std::vector<std::int64_t>{4096});
  ASSERT_EQ(trace.all.size(), 2U);
  std::ranges::sort(trace.all, {}, &DiskRecord::sector);
  EXPECT_EQ(trace.all[0].sector, 80U);
  EXPECT_EQ(trace.all[1].sector, domain_sectors + 80);
  EXPECT_EQ(trace.all[0].vcpu, VcpuId{1});
  EXPECT_EQ(trace.all[1].vcpu, VcpuId{2});
  EXPECT_TRUE(trace.all[1].write);
  EXPECT_EQ(host.platform->audit(), "");
}

TEST(XenDisk, ALargeTransferIsRequestsOfTwelveSegmentsAndOneHypercall) {
  DiskPlan plan{.transfers = {{.sector = 800, .bytes = 65536}}};
  TestHost host(xen_with_disk(), quick());
  host.start(on_disk(plan));
  host.run_until(100ms);
  EXPECT_EQ(plan.results, std::vector<std::int64_t>{65536});
  const Values values = host.read();
  EXPECT_EQ(values.at("block/requests"), 2) << "12 pages and 4";
  EXPECT_EQ(values.at("block/runs"), 1);
  EXPECT_EQ(values.at("disk0/reads"), 1) << "merged again";
  EXPECT_EQ(values.at("dom1/disk/reads"), 2);
}

TEST(XenDisk, TakesItsReaderMoreThanANativeOneButFarLessThanTheDrive) {
  const auto time_of = [](const Json& platform) {
    // The second is in the drive's cache: not even about to come from the medium.
    DiskPlan plan{.transfers = {{.sector = 80, .bytes = 4096}, {.sector = 80, .bytes = 4096}}};
    TestHost host(platform, quick());
    host.start(on_disk(plan));
    host.run_until(15ms);
    return plan.times.size() < 2 ? Time{} : Time{plan.times[1] - plan.times[0]};
  };
  const Time native = time_of({{"name", "native"}, {"smp", false}}), virtualized = time_of(xen_with_disk());
  EXPECT_GT(native, 30us);
  EXPECT_GT(virtualized, native + 1us);
  EXPECT_LT(virtualized, native + 50us);
}

TEST(XenDisk, RunningAheadChangesNothing) {
  const auto outcome = [](bool strict) {
    std::vector<DiskPlan> plans(3);
    for (std::uint32_t i = 0; i < plans.size(); ++i) {
      plans[i].rounds = 20;
      for (std::uint32_t j = 0; j < 3; ++j) {
        plans[i].transfers.push_back(
            {.sector = 8000 * (i * j + j), .bytes = 4096 * (1 + 5 * j), .write = i == 1});
      }
    }
    TestHost host(xen_with_disk(), quick(nullptr, strict));
    for (DiskPlan& plan : plans) host.start(on_disk(plan));
    host.start(host.hog());
    host.run_until(300ms);
    std::vector<std::vector<std::int64_t>> times;
    for (const DiskPlan& plan : plans) times.push_back(plan.times);
    return std::pair{host.read(), times};
  };
  EXPECT_EQ(outcome(false), outcome(true));
}

TEST(XenDisk, SectorsThatCannotBeReadFailTheirTransfersAlone) {
  for (const Json& platform : {xen_with_disk({{"first_bad_sector", 800}, {"bad_sectors", 8}}),
                               Json{{"name", "native"}, {"first_bad_sector", 800}, {"bad_sectors", 8}}}) {
    DiskPlan plan{.transfers = {{.sector = 80, .bytes = 4096},
                                {.sector = 784, .bytes = 16384},
                                {.sector = 808, .bytes = 4096}}};
    TestHost host(platform, quick());
    host.start(on_disk(plan));
    host.run_until(500ms);
    EXPECT_EQ(plan.results,
              (std::vector<std::int64_t>{4096, -static_cast<std::int64_t>(CallError::io_error), 4096}));
    ASSERT_EQ(plan.times.size(), 3U);
    EXPECT_GT(plan.times[1] - plan.times[0], Time{150ms}.count()) << "the drive tries again and again";
    EXPECT_EQ(host.platform->audit(), "");
  }
}

TEST(XenDisk, TransfersThatMakeNoSenseAreRefused) {
  const auto refused = -static_cast<std::int64_t>(CallError::invalid);
  DiskPlan plan{.transfers = {{.sector = 0, .bytes = 100},
                              {.sector = 0, .bytes = 0},
                              {.sector = 0, .buffer = {512}, .bytes = 512},
                              {.disk = 1, .sector = 0, .bytes = 512}}};
  TestHost host(xen_with_disk(), quick());
  host.start(on_disk(plan));
  host.run_until(50ms);
  EXPECT_EQ(plan.results, (std::vector<std::int64_t>{refused, refused, refused,
                                                     -static_cast<std::int64_t>(CallError::no_entry)}));
}

TEST(XenDisk, DomainsAreSpreadOverSeveralDisks) {
  DiskTrace trace;
  DiskPlan first{.transfers = {{.sector = 80, .bytes = 4096}}}, second = first;
  TestHost host(xen_with_disk({{"disks", 2}}), quick(&trace));
  host.start(on_disk(first));
  host.start(on_disk(second));
  host.run_until(100ms);
  ASSERT_EQ(trace.all.size(), 2U);
  EXPECT_NE(trace.all[0].disk, trace.all[1].disk);
  EXPECT_EQ(trace.all[0].sector, trace.all[1].sector);
}

TEST(XenDisk, DomainsThatDoNotFitOnTheDiskAreRefused) {
  DiskPlan plan;
  TestHost host(xen_with_disk({{"file_system", "128 GiB"}}), quick());
  host.start(on_disk(plan));
  host.run_until(10ms);
  DiskPlan another;
  host.start(on_disk(another));
  EXPECT_THROW(host.run_until(20ms), InputError);
}

TEST(NativeDisks, AreIndependentOfEachOther) {
  DiskTrace trace;
  DiskPlan plan{.transfers = {{.disk = 1, .sector = 80, .bytes = 4096}, {.disk = 2, .bytes = 512}}};
  TestHost host({{"name", "native"}, {"disks", 2}}, quick(&trace));
  host.start(on_disk(plan));
  host.run_until(100ms);
  EXPECT_EQ(plan.results, (std::vector<std::int64_t>{4096, -static_cast<std::int64_t>(CallError::no_entry)}));
  ASSERT_EQ(trace.all.size(), 1U);
  EXPECT_EQ(trace.all[0].disk, 1U);
  EXPECT_FALSE(trace.all[0].vcpu.valid());
  EXPECT_EQ(host.platform->audit(), "");
}

}  // namespace
}  // namespace xensim
