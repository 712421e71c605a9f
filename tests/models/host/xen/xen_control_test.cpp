/// Domain 0's control plane: domains that come, stop and go, in its processor time.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/json.hpp"
#include "models/host/monitor/control.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

Json xen(const char* build = "at once") { return {{"name", "xen"}, {"build", build}, {"memory", "8 MiB"}}; }

ControlRequest request(ControlVerb verb, std::uint32_t instance = 0) {
  ControlRequest asked;
  asked.verb = verb;
  asked.instance = instance;
  return asked;
}

ControlRequest create(std::uint32_t instance, Program program) {
  ControlRequest asked = request(ControlVerb::create, instance);
  asked.programs.push_back(std::move(program));
  return asked;
}

TEST(Control, DomainsBuiltByDomain0RunLaterAndCostItsProcessorTime) {
  TestHost host(xen("by domain 0"), {});
  for (int i = 0; i < 3; ++i) host.start(host.hog());
  EXPECT_FALSE(host.platform->ready());
  host.run_until(1s);
  EXPECT_TRUE(host.platform->ready());
  const Values values = host.read();
  EXPECT_EQ(values.at("control/built"), 3);
  EXPECT_EQ(values.at("control/domains"), 4);
  EXPECT_GT(values.at("control/build_time/mean"), 1000)
      << "8 MB are 4096 updates, besides an image of 1.6 MB";
  EXPECT_GT(values.at("dom0/cpu_time"), 3e-3);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_GT(to_seconds(host.platform->work(i)), 0.3);
  EXPECT_EQ(host.platform->audit(), "");
}

TEST(Control, BuildingTakesLongerTheMoreMemoryADomainGets) {
  const auto built = [](const char* memory) {
    TestHost host({{"name", "xen"}, {"build", "by domain 0"}, {"memory", memory}}, {});
    host.start(host.hog());
    host.run_until(1s);
    return host.read().at("control/build_time/mean");
  };
  const double small = built("16 MiB"), large = built("64 MiB");
  EXPECT_GT(large, 1.2 * small);
  EXPECT_LT(large, 4 * small) << "the tool's start and the image are the same";
}

TEST(Control, AMachineTooSmallForAllDomainsIsToldSo) {
  TestHost host({{"name", "xen"}, {"build", "by domain 0"}, {"memory", "100 MiB"}}, {});
  for (int i = 0; i < 3; ++i) host.start(host.hog());  // of 256 MB
  EXPECT_THROW(host.run_until(2s), InputError);
}

TEST(Control, ADomainThatNoMemoryIsLeftForIsRefused) {
  TestHost host({{"name", "xen"}, {"memory", "100 MiB"}}, {});
  for (std::uint32_t i = 0; i < 3; ++i) {  // of 256 MB
    (void)host.platform->reserve();
    host.platform->control()->ask(create(i, host.hog()));
  }
  host.platform->control()->ask(request(ControlVerb::pause, 2));
  host.run_until(2s);
  const Values values = host.read();
  EXPECT_EQ(values.at("control/built"), 2);
  EXPECT_EQ(values.at("control/refused"), 2) << "the third, and to pause it";
  EXPECT_EQ(values.at("control/domains"), 3) << "with domain 0";
  EXPECT_GT(to_seconds(host.platform->work(1)), 1);
  EXPECT_EQ(host.platform->audit(), "");
  host.platform->control()->ask(request(ControlVerb::destroy, 0));
  host.platform->control()->ask(create(2, host.hog()));
  host.run_until(3s);
  EXPECT_EQ(host.read().at("control/built"), 3) << "when another has left";
}

TEST(Control, DestroyingGivesEveryFrameBack) {
  TestHost host(xen("by domain 0"), {});
  host.start(host.hog());
  host.run_until(500ms);
  const double with_one = host.read().at("control/frames_free");
  host.start(host.hog());
  host.run_until(1s);
  EXPECT_EQ(host.read().at("control/frames_free"), with_one - 2048);
  host.platform->control()->ask(request(ControlVerb::destroy, 1));
  host.run_until(2s);
  EXPECT_EQ(host.read().at("control/frames_free"), with_one);
  EXPECT_EQ(host.read().at("control/domains"), 2);
  const Time work = host.platform->work(1);
  host.run_until(3s);
  EXPECT_EQ(host.platform->work(1), work) << "what it did is remembered, but it does no more";
  EXPECT_EQ(host.platform->audit(), "");
}

TEST(Control, AnInstanceMayComeBackAfterItsDestruction) {
  TestHost host(xen("by domain 0"), {});
  host.start(host.hog());
  host.run_until(500ms);
  host.platform->control()->ask(request(ControlVerb::destroy));
  host.run_until(1s);
  const Time before = host.platform->work(0);
  host.platform->control()->ask(create(0, host.hog()));
  host.run_until(2s);
  EXPECT_GT(to_seconds(host.platform->work(0) - before), 0.9);
  EXPECT_EQ(host.read().at("control/refused"), 0);
}

TEST(Control, APausedDomainDoesNothingUntilItGoesOn) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.start(host.hog());
  host.run_until(1s);
  host.platform->control()->ask(request(ControlVerb::pause));
  host.run_until(1100ms);
  const Time paused = host.platform->work(0);
  host.run_until(2s);
  EXPECT_EQ(host.platform->work(0), paused);
  EXPECT_GT(to_seconds(host.platform->work(1)), 1.3);
  host.platform->control()->ask(request(ControlVerb::unpause));
  host.run_until(3s);
  EXPECT_NEAR(to_seconds(host.platform->work(0) - paused), 0.5, 0.1);
}

TEST(Control, ADomainThatGoesOnIsDueOnceDomain0HasHadItsAllowance) {
  Records records;
  TestHost host(xen(), {.cpus = 1, .trace = &records});
  host.start(host.hog());
  host.platform->control()->ask(request(ControlVerb::pause));
  host.run_until(1001ms);
  // Enough to do for domain 0 until just before the next tick.
  for (int i = 0; i < 26; ++i) {
    host.platform->control()->ask(request(i == 12 ? ControlVerb::unpause : ControlVerb::set_scheduler));
  }
  host.run_until(1100ms);
  Time begun = never, runnable = never, runs = never;
  for (const TraceRecord& record : records.all) {
    if (record.at < 1001ms) continue;
    if (record.vcpu == VcpuId{0} && record.kind == TraceKind::switch_to) begun = std::min(begun, record.at);
    if (record.vcpu != VcpuId{1}) continue;
    if (record.kind == TraceKind::wake) runnable = std::min(runnable, record.at);
    if (record.kind == TraceKind::switch_to) runs = std::min(runs, record.at);
  }
  ASSERT_LT(runnable, never);
  ASSERT_GT(runnable, begun + 5ms) << "the allowance was used up";
  ASSERT_LT(runnable, begun + 15ms);
  EXPECT_LT(runs - runnable, 1ms);
}

TEST(Control, AWarpEndsAtALimitThatIsSetWhileItsDomainRuns) {
  const Json bvt{{"name", "xen"}, {"scheduler", "bvt"}};
  TestHost host(bvt, {});
  host.start(host.hog());                   // on processor 1
  host.platform->start({}, {});             // on processor 0
  host.start(host.interactive(1ms, 30ms));  // on processor 1
  host.run_until(1010ms);                   // between ticks: the second processor computes
  const Time before = host.platform->work(2);
  ControlRequest warped = request(ControlVerb::set_scheduler);
  warped.share.warp = 100ms;
  warped.share.warp_limit = 2ms;
  host.platform->control()->ask(std::move(warped));
  host.run_until(1510ms);
  EXPECT_GT(host.platform->work(2) - before, 5ms) << "100 ms of virtual time are a second at weight 10";
}

TEST(Control, WeightsChangeWhileDomainsRun) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.start(host.hog());
  host.run_until(1s);
  ControlRequest heavier = request(ControlVerb::set_scheduler);
  heavier.share.weight = 20;
  host.platform->control()->ask(std::move(heavier));
  host.run_until(1100ms);
  const Time first = host.platform->work(0), second = host.platform->work(1);
  host.run_until(4100ms);
  EXPECT_NEAR(to_seconds(host.platform->work(0) - first), 2, 0.05);
  EXPECT_NEAR(to_seconds(host.platform->work(1) - second), 1, 0.05);
}

TEST(Control, TheSliceChangesWhileDomainsRun) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.start(host.hog());
  host.run_until(1s);
  const double before = host.read().at("cpu0/schedule/switches");
  ControlRequest longer = request(ControlVerb::set_slice);
  longer.slice = 50ms;
  host.platform->control()->ask(std::move(longer));
  host.run_until(2s);
  const double after = host.read().at("cpu0/schedule/switches");
  EXPECT_LT(after - before, before / 2);
}

TEST(Control, WhatCannotBeDoneIsRefusedAndCounted) {
  TestHost host(xen(), {});
  host.start(host.hog());
  host.platform->control()->ask(create(0, host.hog()));
  host.platform->control()->ask(request(ControlVerb::destroy, 7));
  host.platform->control()->ask(request(ControlVerb::destroy));
  host.run_until(1s);
  host.platform->control()->ask(request(ControlVerb::pause));
  host.run_until(2s);
  EXPECT_EQ(host.read().at("control/refused"), 3);
  EXPECT_EQ(host.read().at("control/done"), 1);
}

TEST(Control, ADomainDiesOnlyWhenItGetsTheProcessor) {
  // As in Xen 1.0: dying is a hypervisor event, taken on the way back to the guest.
  Records records;
  TestHost host(xen(), {.cpus = 1, .trace = &records});
  for (int i = 0; i < 10; ++i) host.start(host.hog());
  host.run_until(1s);
  records.all.clear();
  host.platform->control()->ask(request(ControlVerb::destroy, 3));
  host.run_until(2s);
  Time switched{}, gone{};
  for (const TraceRecord& record : records.all) {
    EXPECT_TRUE(gone == Time{} || record.vcpu != VcpuId{4}) << "it left a trace after its death";
    if (record.vcpu != VcpuId{4}) continue;
    if (record.kind == TraceKind::switch_to) switched = record.at;
    if (record.kind == TraceKind::domain_gone) gone = record.at;
  }
  ASSERT_GT(gone, Time{});
  EXPECT_LT(gone - switched, 1ms);
}

TEST(Control, NothingIsDoneOrReportedAsLongAsNobodyAsks) {
  TestHost host(xen(), {});
  host.start(host.hog());
  host.run_until(1s);
  const Values values = host.read();
  EXPECT_FALSE(values.contains("control/done"));
}

TEST(Probe, AnIdleMachineAnswersAtOnce) {
  TestHost host(xen(), {});
  host.start(host.interactive(1ms, 1s));
  host.run_until(500ms);
  Time answered{};
  host.platform->probe(0, [&](Time at) { answered = at; });
  host.run_until(600ms);
  EXPECT_GT(answered, 500ms);
  EXPECT_LT(answered, 500ms + 50us);
}

TEST(Probe, ABusyDomainAnswersWhenItsTurnComes) {
  TestHost host(xen(), {.cpus = 1});
  for (int i = 0; i < 10; ++i) host.start(host.hog());
  host.run_until(1s);
  std::vector<double> waits;
  for (int i = 0; i < 100; ++i) {
    const Time sent = host.calendar.now();
    host.platform->probe(4, [&waits, sent](Time at) { waits.push_back(to_seconds(at - sent)); });
    host.run_until(sent + 103ms);
  }
  ASSERT_EQ(waits.size(), 100U);
  double sum = 0;
  for (const double wait : waits) sum += wait;
  EXPECT_NEAR(sum / 100, 0.0225, 0.006) << "half a round of ten slices of 5 ms";
  EXPECT_LT(*std::ranges::max_element(waits), 0.06);
}

TEST(Probe, APlatformWithOneKernelForAllTakesNone) {
  TestHost host("native", {});
  host.start(host.hog());
  EXPECT_THROW(host.platform->probe(0, [](Time) {}), InputError);
}

}  // namespace
}  // namespace xensim
