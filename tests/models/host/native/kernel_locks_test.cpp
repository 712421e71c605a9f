/// What processors of one native kernel make each other wait for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

const Json smp{{"name", "native"}, {"smp", true}}, uniprocessor{{"name", "native"}, {"smp", false}};
constexpr std::size_t line = 100;

/// Adds lines to a file that others add to as well.
Program adds_lines(Self self, std::int64_t& size, int& lines) {
  const std::int64_t log = co_await self.open("/log", {.create = true, .append = true});
  for (;;) {
    co_await self.write(log, line);
    ++lines;
    size = co_await self.lseek(log, 0, SeekFrom::end);
  }
}

/// Makes and removes files in a directory of its own.
Program makes_files(Self self, const std::string& directory) {
  co_await self.mkdir(directory);
  for (;;) {
    co_await self.close(co_await self.creat(directory + "/file"));
    co_await self.unlink(directory + "/file");
  }
}

/// Has a range of bytes for ever, or waits for it.
Program sleeps_for_a_lock(Self self) {
  const std::int64_t file = co_await self.open("/locked", {.create = true});
  co_await self.lock(file, 0, 1);
  for (;;) co_yield Sleep{10ms};
}

class KernelLocksOfTwo : public testing::Test {
 protected:
  void start(TestHost& host, Self::Body body) {
    bodies.push_back(std::make_unique<Self::Body>(std::move(body)));
    host.start(executes(*bodies.back()));
  }
  /// What was counted when they have run beside each other for `duration`.
  Values after(const Json& platform, const std::vector<Self::Body>& programs, Time duration,
               bool strict = false) {
    TestHost host(platform, {.strict = strict, .audit = false});
    for (const Self::Body& program : programs) start(host, program);
    host.run_until(duration);
    EXPECT_EQ(host.platform->audit(), "");
    return host.read();
  }
  [[nodiscard]] static Self::Body making(const std::string& directory) {
    return [directory](Self self) { return makes_files(self, directory); };
  }

  std::vector<std::unique_ptr<Self::Body>> bodies;
};

TEST_F(KernelLocksOfTwo, TwoInExt3WaitForEachOther) {
  const Values alone = after(smp, {making("/one")}, 100ms);
  EXPECT_EQ(alone.at("locks/big_kernel/waited"), 0) << "nobody else changes files yet";
  const Values both = after(smp, {making("/one"), making("/two")}, 100ms);
  EXPECT_GT(both.at("locks/big_kernel/waited"), 0.02) << "most of either's time is spent in ext3";
  EXPECT_LE(both.at("locks/big_kernel/held"), 0.1) << "never by two at once";
}

TEST_F(KernelLocksOfTwo, AUniprocessorKernelHasNoneToWaitFor) {
  const Values values = after(uniprocessor, {making("/one"), making("/two")}, 50ms);
  EXPECT_EQ(values.count("locks/big_kernel/waited"), 0U);
}

TEST_F(KernelLocksOfTwo, WritersOfOneFileSleepUntilTheOtherIsDone) {
  std::array<std::int64_t, 2> sizes{};
  std::array<int, 2> lines{};
  const auto adding = [&](std::size_t i) {
    return Self::Body{[&, i](Self self) { return adds_lines(self, sizes[i], lines[i]); }};
  };
  const Values values = after(smp, {adding(0), adding(1)}, 100ms);
  EXPECT_GT(values.at("locks/file/sleeps"), 10);
  EXPECT_GT(lines[0] + lines[1], 200) << "though who is woken may find it taken again";
  const auto written = static_cast<std::int64_t>(line) * (lines[0] + lines[1]);
  EXPECT_NEAR(static_cast<double>(std::max(sizes[0], sizes[1])), static_cast<double>(written), 2.0 * line)
      << "no line is written over another";
}

TEST_F(KernelLocksOfTwo, WritersOfDifferentFilesDoNotSleep) {
  std::array<std::int64_t, 2> sizes{};
  std::array<int, 2> lines{};
  const Values values =
      after(smp, {[&](Self self) { return adds_lines(self, sizes[0], lines[0]); }, making("/two")}, 50ms);
  EXPECT_EQ(values.at("locks/file/sleeps"), 0);
}

TEST_F(KernelLocksOfTwo, WhoSleepsInACallUnderTheBigLockHasLetGoOfIt) {
  // Both ask for the same range of bytes; the one that does not get it sleeps for ever.
  const Self::Body locking = [](Self self) { return sleeps_for_a_lock(self); };
  const Values values = after(smp, {locking, locking, making("/one")}, 100ms);
  EXPECT_LT(values.at("locks/big_kernel/waited"), 0.001);
  EXPECT_GT(values.at("locks/big_kernel/held"), 0.02);
}

TEST_F(KernelLocksOfTwo, RunningAheadChangesNothingWhereLocksAreWaitedFor) {
  const auto outcome = [&](bool strict) {
    std::array<std::int64_t, 3> sizes{};
    std::array<int, 3> lines{};
    std::vector<Self::Body> programs{making("/one"), making("/two")};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      programs.push_back([&, i](Self self) { return adds_lines(self, sizes[i], lines[i]); });
    }
    Values values = after(smp, programs, 300ms, strict);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      values[fmt::format("lines/{}", i)] = lines[i];
      values[fmt::format("size/{}", i)] = static_cast<double>(sizes[i]);
    }
    return values;
  };
  const Values ahead = outcome(false);
  EXPECT_GT(ahead.at("locks/big_kernel/waited"), 0);
  EXPECT_EQ(ahead, outcome(true));
}

}  // namespace
}  // namespace xensim
