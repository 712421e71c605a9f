/// Domains that move from one processor to another, under policies that have them do so.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <vector>

#include "core/json.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

Json xen(const Json& scheduler) { return {{"name", "xen"}, {"scheduler", scheduler}}; }

const std::vector<Json> policies{Json("credit"), Json{{"name", "credit"}, {"version", "3.0.3"}},
                                 Json{{"name", "credit"}, {"version", "4.17"}}, Json("credit2"),
                                 Json{{"name", "credit2"}, {"displaced_first", true}}};

/// Three hogs on two processors, two of them placed on the same: only who moves gets two thirds.
TEST(XenMigration, ThreeHogsShareTwoProcessors) {
  for (const Json& policy : policies) {
    TestHost host(xen(policy), {});
    for (int i = 0; i < 3; ++i) host.start(host.hog());
    host.run_until(6s);
    double work = 0;
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(to_seconds(host.platform->work(i)), 4, 0.3) << policy;
      work += to_seconds(host.platform->work(i));
    }
    EXPECT_GT(work, 11.8) << policy;
    EXPECT_GT(host.read().at("cpu0/schedule/migrations"), 10) << policy;
  }
}

TEST(XenMigration, TimesOfProcessorsAndOfDomainsAddUp) {
  for (const Json& policy : policies) {
    TestHost host(xen(policy), {});
    for (int i = 0; i < 5; ++i) host.start(host.interactive(3ms, 4ms));
    host.run_until(1s);
    const Values values = host.read();
    double busy = 0, of_domains = 0;
    for (const char* cpu : {"cpu0/", "cpu1/"}) {
      busy += 1 - values.at(std::string(cpu) + "time/idle");
    }
    for (const auto& [name, value] : values) {
      if (name.starts_with("dom") && name.ends_with("/cpu_time")) of_domains += value;
    }
    EXPECT_NEAR(of_domains, busy, 0.05) << "the rest: entries into the monitor that end in no domain";
    EXPECT_LE(of_domains, busy + 1e-4);
  }
}

/// By the trace: from switch to switch no domain is on two processors.
TEST(XenMigration, NoDomainRunsOnTwoProcessors) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(2, 5);
    const Json policy = policies[*rc::gen::inRange<std::size_t>(0, policies.size())];
    const auto domains = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(10, 20'000), rc::gen::inRange(0, 30'000)));
    Records records;
    TestHost host(xen(policy), {.cpus = cpus, .trace = &records});
    for (const auto& [busy_us, rest_us] : domains) {
      host.start(rest_us == 0 ? host.hog()
                              : host.interactive(std::chrono::microseconds(busy_us),
                                                 std::chrono::microseconds(rest_us)));
    }
    host.run_until(200ms);
    std::map<std::uint32_t, VcpuId> runs;
    for (const TraceRecord& record : records.all) {
      if (record.kind != TraceKind::schedule_pass) continue;
      if (record.vcpu.valid()) {
        for (const auto& [cpu, vcpu] : runs) RC_ASSERT(cpu == record.cpu.value || vcpu != record.vcpu);
      }
      runs[record.cpu.value] = record.vcpu;
    }
  }));
}

TEST(XenMigration, ACapHoldsBesideAnIdleProcessor) {
  for (const Json& policy : policies) {
    TestHost host(xen(policy), {});
    host.start(host.hog(), 10, 40);
    host.run_until(6s);
    // 3.0.3 notices at the end of a slice only.
    EXPECT_NEAR(to_seconds(host.platform->work(0)), 2.4, 0.2) << policy;
  }
}

}  // namespace
}  // namespace xensim
