#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/json.hpp"
#include "models/host/monitor/monitor.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

Json xen(const char* scheduler = "bvt-xen1", const char* ctx_allow = "5 ms") {
  return {{"name", "xen"}, {"scheduler", {{"name", scheduler}, {"ctx_allow", ctx_allow}}}};
}

TEST(Xen, PlacesDomainsOnTheNextProcessorInTurnAfterDomain0) {
  Records records;
  TestHost host(xen(), {.trace = &records});
  for (int i = 0; i < 4; ++i) host.start(host.hog());
  std::vector<std::uint32_t> placed;
  for (const TraceRecord& record : records.all) {
    if (record.kind == TraceKind::domain_created) placed.push_back(record.cpu.value);
  }
  EXPECT_EQ(placed, (std::vector<std::uint32_t>{0, 1, 0, 1, 0}));
}

TEST(Xen, EveryProcessorsTimeGoesSomewhere) {
  TestHost host(xen(), {});
  for (int i = 0; i < 5; ++i) host.start(host.hog());
  host.run_until(2s);
  const Values values = host.read();
  for (const char* cpu : {"cpu0/", "cpu1/"}) {
    double sum = 0;
    for (const char* part : {"idle", "user", "refill", "translation", "kernel", "monitor", "interrupts"}) {
      sum += values.at(std::string(cpu) + "time/" + part);
    }
    EXPECT_NEAR(sum, 2, 1e-4) << "to one step in progress";
    EXPECT_LT(values.at(std::string(cpu) + "time/idle"), 1e-5) << "up to its first domain";
  }
}

TEST(Xen, WorkDoneIsTheTimeOfProgramsAsIfWithWarmCaches) {
  TestHost host(xen(), {});
  for (int i = 0; i < 3; ++i) host.start(host.hog());
  host.run_until(1s);
  const Values values = host.read();
  double work = 0;
  for (std::uint32_t i = 0; i < 3; ++i) work += to_seconds(host.platform->work(i));
  EXPECT_NEAR(work, values.at("cpu0/time/user") + values.at("cpu1/time/user"), 1e-9);
}

TEST(Xen, EqualHogsOnOneProcessorShareItEqually) {
  TestHost host(xen(), {.cpus = 1});
  for (int i = 0; i < 4; ++i) host.start(host.hog());
  host.run_until(4s);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_NEAR(to_seconds(host.platform->work(i)), 1, 0.02);
}

TEST(Xen, WeightsDivideTheProcessor) {
  // mcu_advance is 100/weight: 20 and 10 give 5 and 10, hence two slices to one.
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog(), 20);
  host.start(host.hog(), 10);
  host.run_until(6s);
  EXPECT_NEAR(to_seconds(host.platform->work(0)) / to_seconds(host.platform->work(1)), 2, 0.03);
}

TEST(Xen, TwoHogsChangeEvery5Milliseconds) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.start(host.hog());
  host.run_until(1s);
  const double before = host.read().at("cpu0/schedule/switches");
  host.run_until(2s);
  // 200 slices and domain 0's visit every 20 ms; timers fire up to 50 us early.
  EXPECT_NEAR(host.read().at("cpu0/schedule/switches") - before, 250, 12);
}

TEST(Xen, TheTickReachesEveryDomainWhoseKernelMakesUpForTheTimeItMissed) {
  TestHost host(xen(), {.cpus = 1});
  for (int i = 0; i < 10; ++i) host.start(host.interactive(1ms, 90ms));
  host.run_until(2s);
  const Values values = host.read();
  EXPECT_NEAR(values.at("ticks"), 100, 1);
  for (int i = 1; i <= 10; ++i) {
    // Nine ticks of 10 ms and one more, seen at the next 20 ms event: 100 to 120 ms a round.
    const double wakes = values.at("dom" + std::to_string(i) + "/wakes");
    EXPECT_GE(wakes, 2000.0 / 20 * 0.9) << "an idle domain is woken by every tick";
    const double rounds = to_seconds(host.platform->work(static_cast<std::uint32_t>(i - 1))) / 0.001;
    EXPECT_GE(rounds, 2000.0 / 121);
    EXPECT_LE(rounds, 2000.0 / 99 + 1);
  }
}

TEST(Xen, AnIdleDomainCostsAHogTwoSwitchesEveryTick) {
  TestHost alone(xen(), {.cpus = 1}), beside(xen(), {.cpus = 1});
  alone.start(alone.hog());
  beside.start(beside.hog());
  beside.platform->start({}, {});
  alone.run_until(1s);
  beside.run_until(1s);
  // Domain 0 causes two, the second idle domain one more (they follow each other).
  EXPECT_NEAR(beside.read().at("cpu0/schedule/switches") - alone.read().at("cpu0/schedule/switches"), 50, 3);
}

TEST(Xen, WokenByTheTickADomainWaitsNoLongerThanTheAllowanceOfALoneHog) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.platform->start({}, {});
  host.run_until(2s);
  EXPECT_LE(host.read().at("cpu0/wake_to_run/maximum"), 5100);
}

/// Probes every 7 ms for a second, each of which marks an event for a domain on the second processor.
void probe_for_a_second(TestHost& host) {
  const Time end = host.calendar.now() + 1s;
  for (Time at = host.calendar.now(); at < end; at += 7ms) {
    host.run_until(at);
    host.platform->probe(0, [](Time) {});
  }
  host.run_until(end);
}

TEST(Xen, EventsForTheDomainThatRunsAskForNoPass) {
  TestHost host(xen(), {});
  host.start(host.hog());
  host.run_until(1s);
  const double before = host.read().at("cpu1/schedule/passes");
  probe_for_a_second(host);
  EXPECT_NEAR(host.read().at("cpu1/schedule/passes") - before, 20, 2) << "slices of 50 ms";
}

TEST(Xen, AnEventCheckFromAnotherProcessorPassesOverNoTimers) {
  constexpr double dear = 240'000;  // instructions: more than 100 us
  const auto monitors = [&](bool probes) {
    TestHost host(xen(), {.calibration = testbed_calibration({{"monitor.timer_pass", dear}})});
    host.start(host.hog());
    host.run_until(1s);
    if (probes) probe_for_a_second(host);
    host.run_until(2s);
    const Values values = host.read();
    return values.at("cpu1/time/monitor") + values.at("cpu1/time/interrupts");
  };
  EXPECT_LT(monitors(true) - monitors(false), 143 * 20e-6);
}

TEST(Xen, AnUpcallReturnsToTheRingThatItInterrupted) {
  constexpr double dear = 24'000;  // cycles: 10 us
  const auto kernels = [&](bool idle, bool costly) {
    const Json same_ring{{"processor.interrupt_return_same_ring", dear}};
    TestHost host(xen(), {.calibration = testbed_calibration(costly ? same_ring : Json::object())});
    if (idle) {
      host.platform->start({}, {});
    } else {
      host.start(host.hog());
    }
    host.run_until(2s);
    return host.read().at("cpu1/time/kernel");
  };
  EXPECT_NEAR(kernels(true, true) - kernels(true, false), 100 * 10e-6, 5e-5)
      << "of an idle domain, each tick's";
  EXPECT_LT(kernels(false, true) - kernels(false, false), 5 * 10e-6) << "a program is in an outer ring";
}

/// bvt-xen1, and what it is told of marks.
class Listening final : public Scheduler {
 public:
  Listening(std::size_t cpus, std::vector<VcpuId>& told) : told_(told) {
    const Json name = "bvt-xen1";
    inner_ = SchedulerRegistry::instance().create("scheduler", Config(name), cpus);
  }
  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override {
    inner_->add(vcpu, cpu, share, now);
  }
  void remove(VcpuId vcpu, Time now) override { inner_->remove(vcpu, now); }
  void adjust(VcpuId vcpu, const SchedulingShare& share, Time now) override {
    inner_->adjust(vcpu, share, now);
  }
  Time wake(VcpuId vcpu, Time now) override { return inner_->wake(vcpu, now); }
  Time event_marked(VcpuId vcpu, Time now) override {
    told_.push_back(vcpu);
    return inner_->event_marked(vcpu, now);
  }
  void sleep(VcpuId vcpu, Time now) override { inner_->sleep(vcpu, now); }
  Decision schedule(CpuId cpu, bool current_runnable, Time now) override {
    return inner_->schedule(cpu, current_runnable, now);
  }

 private:
  std::unique_ptr<Scheduler> inner_;
  std::vector<VcpuId>& told_;
};

TEST(Xen, TheTickTellsThePolicyOfEveryDomainThatWaits) {
  const Calibration calibration = testbed_calibration();
  const ProcessorCosts costs(calibration);
  const SurvivalTable survival(8192, 8);
  Calendar calendar;
  const HostContext context{.cpus = 1,
                            .shape = testbed_processor,
                            .calibration = calibration,
                            .costs = costs,
                            .survival = survival,
                            .calendar = calendar};
  std::vector<VcpuId> told;
  Monitor monitor(MonitorParameters{}, context, std::make_unique<Listening>(1, told));
  const WorkingSet set = WorkingSet::constant(64, Time{97'500}, 8);
  const auto hog = [](const WorkingSet& its) -> Program {
    for (;;) co_yield Compute{10s, &its};
  };
  for (int i = 0; i < 4; ++i) {
    std::vector<Program> programs;
    programs.push_back(hog(set));
    monitor.start_domain(std::move(programs), {});
  }
  calendar.run_before(59ms);
  told.clear();
  calendar.run_before(61ms);
  std::sort(told.begin(), told.end());
  told.erase(std::unique(told.begin(), told.end()), told.end());
  EXPECT_GE(told.size(), 3U) << "of four domains that compute, three wait";
}

/// Everything that a run reports and records.
struct Outcome {
  Values values;
  std::vector<std::tuple<std::int64_t, std::uint32_t, std::uint32_t, int>> records;
  bool operator==(const Outcome&) const = default;
};

TEST(Xen, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto domains = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(10, 20'000), rc::gen::inRange(0, 30'000), rc::gen::inRange(1, 40)));
    const auto scheduler =
        *rc::gen::elementOf(std::vector<std::string>{"bvt-xen1", "bvt-xen2", "bvt", "credit", "credit2"});
    const auto outcome = [&](bool strict) {
      Records records;
      TestHost host({{"name", "xen"}, {"scheduler", scheduler}},
                    {.cpus = cpus, .strict = strict, .trace = &records});
      Time at{};
      for (const auto& [busy_us, rest_us, weight] : domains) {
        at += 1ms;
        host.calendar.run_before(at);
        host.start(rest_us == 0 ? host.hog()
                                : host.interactive(std::chrono::microseconds(busy_us),
                                                   std::chrono::microseconds(rest_us)),
                   weight);
      }
      host.run_until(300ms);
      Outcome result{host.read(), {}};
      for (const TraceRecord& r : records.all) {
        result.records.emplace_back(r.at.count(), r.cpu.value, r.vcpu.value, static_cast<int>(r.kind));
      }
      // Records come in order of time per processor; the interleaving of processors is free.
      std::stable_sort(result.records.begin(), result.records.end(),
                       [](const auto& x, const auto& y) { return std::get<1>(x) < std::get<1>(y); });
      return result;
    };
    RC_ASSERT(outcome(false) == outcome(true));
  }));
}

}  // namespace
}  // namespace xensim
