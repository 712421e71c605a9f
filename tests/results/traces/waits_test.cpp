/// Who ran while others waited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <map>
#include <sstream>

#include "results/atomic_file.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t nobody = UINT32_MAX;

TraceRecord record(Time at, TraceKind kind, std::uint32_t cpu, std::uint32_t vcpu) {
  return {at, 0, CpuId{cpu}, VcpuId{vcpu}, kind};
}

/// The file of a trace that `give` fills.
template <class Give>
std::string table_of(Give give, Time end = {}) {
  const TemporaryDirectory directory;
  const auto trace = open_trace({"waits", directory.path() / "waits.csv"});
  give(*trace);
  trace->end(end);
  trace->finish();
  return *read_file(directory.path() / "waits.csv");
}

TEST(Waits, AreThoseOfVcpusByWhoHadTheProcessorThatTheyGot) {
  const std::string table = table_of(
      [](TraceFile& trace) {
        trace.begin({}, {"web/0", "hog/0"});
        trace.domain(VcpuId{1}, 0);
        trace.domain(VcpuId{2}, 1);
        for (const TraceRecord& one :
             {record(0ms, TraceKind::domain_created, 0, 0), record(0ms, TraceKind::domain_created, 0, 1),
              record(0ms, TraceKind::domain_created, 0, 2), record(0ms, TraceKind::switch_to, 0, 2),
              record(1ms, TraceKind::wake, 0, 1), record(2ms, TraceKind::wake, 0, 0),
              record(4ms, TraceKind::switch_to, 0, 0), record(5ms, TraceKind::block, 0, 0),
              record(6ms, TraceKind::switch_to, 0, 1), record(9ms, TraceKind::block, 0, 1),
              record(9ms, TraceKind::switch_to, 0, 2)}) {
          trace.record(one);
        }
      },
      10ms);
  // dom0 waits from 2 to 4 ms, web/0 from 1 to 6, in the last of which nobody runs; hog/0 from 4 to 9.
  EXPECT_EQ(table,
            "waited,ran,time_s\n"
            "dom0,hog/0,0.002000000000\n"
            "web/0,dom0,0.001000000000\n"
            "web/0,hog/0,0.003000000000\n"
            "web/0,idle,0.001000000000\n"
            "hog/0,dom0,0.001000000000\n"
            "hog/0,web/0,0.003000000000\n"
            "hog/0,idle,0.001000000000\n");
}

TEST(Waits, OfOneKernelAreThoseOfInstances) {
  const std::string table = table_of(
      [](TraceFile& trace) {
        trace.begin({}, {"web/0", "hog/0"});
        const auto process = [&](Time at, std::uint32_t number, std::uint32_t group, ProcessState state) {
          trace.process({.at = at,
                         .process = {number},
                         .group = group,
                         .cpu = state == ProcessState::running ? CpuId{1} : CpuId{},
                         .state = state});
        };
        process(0ms, 0, 2, ProcessState::runnable);
        process(0ms, 0, 2, ProcessState::running);
        process(1ms, 1, 1, ProcessState::runnable);
        process(2ms, 2, 1, ProcessState::runnable);
        process(3ms, 0, 2, ProcessState::asleep);
        process(3ms, 1, 1, ProcessState::running);
        process(5ms, 1, 1, ProcessState::asleep);
        process(5ms, 2, 1, ProcessState::running);
      },
      6ms);
  EXPECT_EQ(table,
            "waited,ran,time_s\n"
            "web/0,web/0,0.002000000000\n"
            "web/0,hog/0,0.003000000000\n");
}

TEST(Waits, AddUpToTheTimeThatEachWasRunnable) {
  EXPECT_TRUE(rc::check([] {
    constexpr std::uint32_t cpus = 2, vcpus = 5;
    std::vector<TraceRecord> records;
    enum class State { blocked, waiting, running };
    std::array<State, vcpus> states{};
    std::array<std::uint32_t, cpus> current{nobody, nobody};
    Time now{};
    const auto steps = *rc::gen::inRange(0, 3000);
    for (int i = 0; i < steps; ++i) {
      now += Time{*rc::gen::inRange(0, 5'000'000)};
      const auto v = *rc::gen::inRange<std::uint32_t>(0, vcpus);
      const auto cpu = *rc::gen::inRange<std::uint32_t>(0, cpus);  // any may take it
      if (states[v] == State::blocked) {
        records.push_back(record(now, TraceKind::wake, cpu, v));
        states[v] = State::waiting;
      } else if (states[v] == State::waiting) {
        if (current[cpu] != nobody) states[current[cpu]] = State::waiting;
        records.push_back(record(now, TraceKind::switch_to, cpu, v));
        states[v] = State::running;
        current[cpu] = v;
      } else {
        const std::uint32_t its = current[0] == v ? 0 : 1;
        records.push_back(record(now, TraceKind::block, its, v));
        records.push_back(record(now, TraceKind::switch_to, its, nobody));
        states[v] = State::blocked;
        current[its] = nobody;
      }
    }
    std::map<std::string, std::int64_t> waited, expected;
    for (const Slice& slice : slices_of(records)) {
      if (slice.state != VcpuState::runnable) continue;
      expected["vCPU " + std::to_string(slice.vcpu.value)] += (slice.end - slice.begin).count();
    }
    std::istringstream lines(table_of([&](TraceFile& trace) {
      Time present{};
      trace.begin([&] { return present; }, {});
      for (const TraceRecord& one : records) {
        present = one.at;
        trace.record(one);
      }
    }));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::string digits = line.substr(line.rfind(',') + 1);
      digits.erase(digits.find('.'), 1);
      const std::int64_t time = std::stoll(digits);
      RC_ASSERT(time > 0);
      const std::string who = line.substr(0, line.find(','));
      RC_ASSERT(line.find(who, who.size()) == std::string::npos);  // nobody waits for itself
      waited[who] += time;
    }
    RC_ASSERT(waited == expected);
  }));
}

}  // namespace
}  // namespace xensim
