/// What traces say of processes is what the kernels' accounts say.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <iterator>

#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

/// Keeps what processes did. The calendar is the host's, which is made with the sink.
class ProcessRecords final : public TraceSink {
 public:
  void record(const TraceRecord& record) override { EXPECT_TRUE(!calendar || record.at >= calendar->now()); }
  void process(const ProcessRecord& record) override {
    EXPECT_TRUE(!calendar || record.at >= calendar->now()) << "what is past is settled";
    all.push_back(record);
  }
  const Calendar* calendar = nullptr;
  std::vector<ProcessRecord> all{};
};

using States = std::map<ProcessState, Time>;

/// By group, how long its processes were in each state until `end`.
std::map<std::uint32_t, States> times_of(std::vector<ProcessRecord> records, Time end) {
  std::stable_sort(records.begin(), records.end(),
                   [](const ProcessRecord& a, const ProcessRecord& b) { return a.at < b.at; });
  std::map<std::uint32_t, States> times;
  std::map<ProcessId, ProcessRecord> now;
  std::map<CpuId, ProcessId> running;
  for (const ProcessRecord& record : records) {
    if (const auto before = now.find(record.process); before != now.end()) {
      const ProcessRecord& last = before->second;
      EXPECT_NE(record.state, last.state);
      times[last.group][last.state] += record.at - last.at;
      if (last.state == ProcessState::running) running.erase(last.cpu);
    }
    if (record.state == ProcessState::running) {
      EXPECT_TRUE(running.emplace(record.cpu, record.process).second) << "one at a time";
    }
    now.insert_or_assign(record.process, record);
  }
  for (const auto& [process, last] : now) times[last.group][last.state] += end - last.at;
  return times;
}

TEST(ProcessTrace, OfANativeKernelAgreesWithItsAccounts) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 4);
    const auto processes = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(10, 20'000), rc::gen::inRange(0, 30'000)));
    ProcessRecords sink;
    TestHost host("native", {.cpus = cpus, .trace = &sink});
    sink.calendar = &host.calendar;
    for (const auto& [busy_us, rest_us] : processes) {
      host.start(rest_us == 0 ? host.hog()
                              : host.interactive(std::chrono::microseconds(busy_us),
                                                 std::chrono::microseconds(rest_us)));
    }
    host.run_until(300ms);
    std::map<std::uint32_t, States> traced = times_of(sink.all, 300ms);
    for (std::uint32_t i = 0; i < processes.size(); ++i) {
      const LifeTimes lives = host.platform->times(i);
      const auto part = [&](LifePart which) { return lives[static_cast<std::size_t>(which)]; };
      RC_ASSERT(traced[i + 1][ProcessState::runnable] == part(LifePart::runnable));
      RC_ASSERT(traced[i + 1][ProcessState::asleep] == part(LifePart::timer) + part(LifePart::process));
    }
  }));
}

TEST(ProcessTrace, OfADomainIsOfItsKernelsProcesses) {
  ProcessRecords sink;
  TestHost host("xen", {.cpus = 1, .trace = &sink});
  sink.calendar = &host.calendar;
  for (int i = 0; i < 2; ++i) host.start(host.interactive(1ms, 10ms));
  host.run_until(500ms);
  for (std::uint32_t i = 0; i < 2; ++i) {
    std::vector<ProcessRecord> its;
    std::ranges::copy_if(sink.all, std::back_inserter(its),
                         [&](const ProcessRecord& record) { return record.vcpu == VcpuId{i + 1}; });
    const LifeTimes lives = host.platform->times(i);
    States traced = times_of(its, 500ms)[1];
    EXPECT_EQ(traced[ProcessState::asleep], lives[static_cast<std::size_t>(LifePart::timer)] +
                                                lives[static_cast<std::size_t>(LifePart::process)]);
    EXPECT_GT(traced[ProcessState::running], 20ms);
  }
}

}  // namespace
}  // namespace xensim
