/// What an iteration of lmbench's process benchmarks makes the kernel do, through the running kernel.
#include <gmock/gmock.h>

#include <utility>

#include "tests/models/guest/processes/process_fixture.hpp"
#include "tests/models/testbed.hpp"
#include "workloads/dynamic_loader.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

const ProgramCosts& program_costs() {
  static const ProgramCosts costs(testbed_calibration());
  return costs;
}

Program executes(LoadedBody main) {
  const ProgramImage image{.path = "/bin/test"};
  const Self::Body body = dynamic_loader(image, typical_image, program_costs(), main);
  co_await Self{}.exec(image, body);
}

/// What was done between two moments of a program.
struct Counts {
  explicit Counts(const ProcessFixture& fixture) : fixture_(fixture) {}
  void begin() { counting_.restart(); }
  void end() {
    for (std::size_t i = 0; i < kernel_path_count; ++i) {
      done_[i] = counting_[static_cast<KernelPath>(i)];
    }
  }
  std::uint64_t operator[](KernelPath path) const { return done_[static_cast<std::size_t>(path)]; }

 private:
  const ProcessFixture& fixture_;
  Counting counting_{fixture_.work()};
  std::array<std::uint64_t, kernel_path_count> done_{};
};

/// fork, exit and wait as lat_proc does them, twice, the second time counted.
struct ForkExit {
  explicit ForkExit(KernelBuild build = {}) : fixture(build) {
    fixture.audits = false;
    const LoadedBody main = [this](Self self, const Place& place) { return run(self, place); };
    fixture.run(executes(main));
  }
  Program run(Self self, Place place) {
    const Self::Body child = [place](Self born) { return end(born, place); };
    for (int i = 0; i < 3; ++i) {
      counts.begin();
      const std::uint64_t switched = fixture.switches(), flushed = fixture.paging().flushes;
      co_await self.fork(child);
      co_await writes(self, place, false);
      co_await self.wait();
      counts.end();
      switches = fixture.switches() - switched;
      flushes = fixture.paging().flushes - flushed;
    }
  }
  static Program end(Self self, Place place) { co_await writes(self, place, true); }
  static Call writes(Self self, const Place& place, bool all) {
    std::vector<Address> pages{place.stack, place.bss, place.libc_data};
    if (all) pages.push_back(place.data);
    return self.touch(std::move(pages), Access::write);
  }

  ProcessFixture fixture;
  Counts counts{fixture};
  std::uint64_t switches = 0, flushes = 0;
};

TEST(LmbenchFork, CopiesAHundredEntriesInTenAreasAndThreeTables) {
  const ForkExit fork;
  EXPECT_THAT(fork.counts[KernelPath::copy_entry], AllOf(Ge(90U), Le(130U)));
  EXPECT_EQ(fork.counts[KernelPath::area_copy], 10U);
  EXPECT_EQ(fork.counts[KernelPath::zap_entry], fork.counts[KernelPath::copy_entry]);
  EXPECT_EQ(fork.counts[KernelPath::directory_page], 1U);
}

TEST(LmbenchFork, IsTwoSwitchesAndSixToNineFaults) {
  const ForkExit fork;
  EXPECT_EQ(fork.switches, 2U);
  EXPECT_THAT(fork.counts[KernelPath::fault], AllOf(Ge(6U), Le(9U)));
  EXPECT_THAT(fork.counts[KernelPath::copy_page], AllOf(Ge(3U), Le(5U)));
  EXPECT_EQ(fork.counts[KernelPath::zero_page], 0U) << "tables come from the quicklist";
}

TEST(LmbenchFork, ReloadsThePageTableBaseOnceForTheForkAndOncePerAreaAtExit) {
  const ForkExit fork;
  EXPECT_EQ(fork.flushes, fork.counts[KernelPath::area_copy] + 2);
}

TEST(LmbenchFork, CountsOnceWhatHasNothingToDoWithMemory) {
  const ForkExit fork;
  for (const KernelPath once : {KernelPath::fork_fixed, KernelPath::exit_fixed, KernelPath::wait_fixed,
                                KernelPath::process_release}) {
    EXPECT_EQ(fork.counts[once], 1U) << kernel_path_names[static_cast<std::size_t>(once)];
  }
  EXPECT_EQ(fork.counts[KernelPath::process_switch], 2U);
}

TEST(LmbenchFork, TakesEachEntryOutByALockedExchangeEvenOnAUniprocessor) {
  const ForkExit fork;
  EXPECT_EQ(fork.counts[KernelPath::exchange], fork.counts[KernelPath::zap_entry]);
  EXPECT_EQ(fork.counts[KernelPath::locked_operation], 0U);
}

/// What exec and the loader do for a program; when the files that they need have been made before.
struct LoadedProgram {
  LoadedProgram() {
    fixture.audits = false;
    const LoadedBody first = [this](Self /*self*/, const Place& /*place*/) {
      counts.begin();
      return executes([this](Self self, const Place& place) { return run(self, place); });
    };
    fixture.run(executes(first));
  }
  Program run(Self self, Place place) {
    counts.end();
    co_await self.touch(place.stack, 1, Access::write);
  }

  ProcessFixture fixture;
  Counts counts{fixture};
};

TEST(DynamicLoader, MakesSeventeenToTwentySystemCallsAndAHundredFaultsForOneLibrary) {
  const LoadedProgram program;
  EXPECT_THAT(program.counts[KernelPath::system_call], AllOf(Ge(1 + 17U), Le(1 + 20U))) << "with exec";
  EXPECT_THAT(program.counts[KernelPath::fault], AllOf(Ge(90U), Le(120U)));
}

TEST(DynamicLoader, MapsItsHeapItsCacheAndALibraryInThreePartsIntoAnImageOfSixAreas) {
  EXPECT_EQ(LoadedProgram().counts[KernelPath::area_map], 6U + 5U);
}

TEST(DynamicLoader, RelocatesForTwoToFourHundredMicrosecondsWithACLibrary) {
  EXPECT_THAT(program_costs().link(0).count / 2400, AllOf(Ge(175), Le(400)));
  EXPECT_GT(program_costs().link(2), program_costs().link(0));
}

}  // namespace
}  // namespace xensim
