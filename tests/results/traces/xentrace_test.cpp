#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>

#include "core/error.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/installed.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t nobody = UINT32_MAX;
constexpr const char* tool = "/usr/bin/xenalyze";

TraceRecord record(Time at, TraceKind kind, std::uint32_t cpu, std::uint32_t vcpu) {
  return {at, 0, CpuId{cpu}, VcpuId{vcpu}, kind};
}

void write_trace(const std::filesystem::path& path, const std::vector<TraceRecord>& records) {
  const auto trace = open_trace({"xentrace", path});
  for (const TraceRecord& one : records) trace->record(one);
  trace->finish();
}

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::string output;
  std::array<char, 4096> buffer{};
  while (pipe != nullptr &&
         std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get()) != nullptr) {
    output += buffer.data();
  }
  return output;
}

/// Cycles by guest and state, as the summary has them; a cycle is a nanosecond.
using Totals = std::map<std::pair<std::uint32_t, std::string>, std::int64_t>;

Totals totals_of(const std::string& summary) {
  static const std::regex guest(R"(^\|-- Domain (\d+) --\|)"), vcpu(R"(^-- v(\d+) --)"),
      state(R"(^ *(running|runnable|blocked): +(\d+) +([\d.]+)s .*)");
  Totals totals;
  std::istringstream lines(summary);
  std::uint32_t current = 0;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_search(line, match, guest)) {
      current = static_cast<std::uint32_t>(std::stoul(match[1]));
      inside = false;
    } else if (std::regex_search(line, vcpu)) {
      inside = true;
    } else if (line.find("cpu affinity") != std::string::npos) {
      inside = false;
    } else if (inside && current != 32767 && std::regex_match(line, match, state)) {
      totals[{current, match[1]}] += std::stoll(match[3]);
    }
  }
  return totals;
}

/// What the tool says of the records, and whether it found anything strange.
Totals read_back(const std::vector<TraceRecord>& records, std::string& complaints) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "trace.bin", errors = directory.path() / "errors";
  write_trace(path, records);
  const std::string summary =
      output_of(fmt::format("{} --cpu-hz=1 -s {} 2>{}", tool, path.string(), errors.string()));
  std::istringstream lines(*read_file(errors));
  static const std::regex bad("Strange|skew|FATAL|LOST|WARNING|nexpected|leaving INIT");
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_search(line, bad)) complaints += line + '\n';
  }
  return totals_of(summary);
}

Totals totals_of(const std::vector<TraceRecord>& records) {
  Totals totals;
  static const std::map<VcpuState, std::string> names{
      {VcpuState::running, "running"}, {VcpuState::runnable, "runnable"}, {VcpuState::blocked, "blocked"}};
  for (const Slice& slice : slices_of(records)) {
    totals[{slice.vcpu.value, names.at(slice.state)}] += (slice.end - slice.begin) / Time{1ns};
  }
  return totals;
}

TEST(Xentrace, BeginsWithAWindowForEveryProcessor) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "trace.bin";
  write_trace(path, {record(1ms, TraceKind::switch_to, 2, 0)});
  const std::string bytes = *read_file(path);
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return value;
  };
  std::size_t at = 0;
  for (std::uint32_t cpu = 0; cpu < 3; ++cpu) {
    EXPECT_EQ(word(at), 0x2001f003U);
    EXPECT_EQ(word(at + 4), cpu);
    at += 12 + word(at + 8);
  }
  EXPECT_EQ(at, bytes.size());
}

TEST(Xentrace, RefusesMoreProcessorsThanTheFormatHas) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "trace.bin";
  EXPECT_THROW(write_trace(path, {record(1ms, TraceKind::switch_to, 256, 0)}), InputError);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Xentrace, XenalyzeFindsTheTimesOfTwoDomainsOnOneProcessor) {
  if (!is_installed(tool, "xen-utils-common")) GTEST_SKIP() << "xen-utils-common is not installed";
  std::string complaints;
  const Totals totals =
      read_back({record(0ms, TraceKind::domain_created, 0, 0), record(0ms, TraceKind::domain_created, 0, 1),
                 record(1ms, TraceKind::wake, 0, 0), record(1ms, TraceKind::switch_to, 0, 0),
                 record(2ms, TraceKind::wake, 0, 1), record(3ms, TraceKind::switch_to, 0, 1),
                 record(5ms, TraceKind::block, 0, 1), record(6ms, TraceKind::switch_to, 0, 0),
                 record(8ms, TraceKind::block, 0, 0), record(9ms, TraceKind::switch_to, 0, nobody)},
                complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(totals.at({0, "running"}), 4'000'000);
  EXPECT_EQ(totals.at({0, "runnable"}), 3'000'000);
  EXPECT_EQ(totals.at({0, "blocked"}), 1'000'000) << "it is offline until its first wake";
  EXPECT_EQ(totals.at({1, "running"}), 2'000'000);
  EXPECT_EQ(totals.at({1, "blocked"}), 4'000'000);
}

TEST(Xentrace, XenalyzeTakesAWakeThatComesBeforeItsBlockIsRecorded) {
  if (!is_installed(tool, "xen-utils-common")) GTEST_SKIP() << "xen-utils-common is not installed";
  std::string complaints;
  const Totals totals =
      read_back({record(0ms, TraceKind::wake, 0, 0), record(0ms, TraceKind::switch_to, 0, 0),
                 record(5ms, TraceKind::wake, 0, 0), record(6ms, TraceKind::block, 0, 0),
                 record(7ms, TraceKind::switch_to, 0, nobody), record(8ms, TraceKind::switch_to, 0, 0),
                 record(9ms, TraceKind::domain_gone, 0, 0), record(10ms, TraceKind::switch_to, 0, nobody)},
                complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(totals.at({0, "running"}), 7'000'000);
  EXPECT_EQ(totals.at({0, "runnable"}), 2'000'000);
}

TEST(Xentrace, XenalyzeAgreesToTheCycleOnAnySchedule) {
  if (!is_installed(tool, "xen-utils-common")) GTEST_SKIP() << "xen-utils-common is not installed";
  EXPECT_TRUE(rc::check([] {
    constexpr std::uint32_t cpus = 2, vcpus = 6;
    std::vector<TraceRecord> records;
    enum class State { blocked, waiting, running };
    std::array<State, vcpus> states{};
    std::array<std::uint32_t, cpus> current{nobody, nobody};
    for (std::uint32_t v = 0; v < vcpus; ++v) {
      records.push_back(record(0ms, TraceKind::wake, v % cpus, v));
      states[v] = State::waiting;
    }
    Time now{};
    const auto steps = *rc::gen::inRange(0, 200);
    for (int i = 0; i < steps; ++i) {
      now += Time{1ns} * *rc::gen::inRange(0, 5'000'000);
      const auto v = *rc::gen::inRange<std::uint32_t>(0, vcpus);
      const std::uint32_t cpu = v % cpus;
      if (states[v] == State::blocked) {
        records.push_back(record(now, TraceKind::wake, cpu, v));
        states[v] = State::waiting;
      } else if (states[v] == State::waiting) {
        if (current[cpu] != nobody) states[current[cpu]] = State::waiting;
        records.push_back(record(now, TraceKind::switch_to, cpu, v));
        states[v] = State::running;
        current[cpu] = v;
      } else {
        records.push_back(record(now, TraceKind::block, cpu, v));
        records.push_back(record(now, TraceKind::switch_to, cpu, nobody));
        states[v] = State::blocked;
        current[cpu] = nobody;
      }
    }
    std::string complaints;
    const Totals read = read_back(records, complaints);
    RC_ASSERT(complaints.empty());
    RC_ASSERT(read == totals_of(records));
  }));
}

}  // namespace
}  // namespace xensim
