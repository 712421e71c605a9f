#include "results/traces/xentrace_reader.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <tuple>

#include "core/error.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/xentrace_demand.hpp"
#include "tests/complaint.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using enum XentraceState;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<XentraceChange> changes_of(const std::string& bytes) {
  std::istringstream input(bytes);
  const std::string name = "host.bin";
  XentraceReader reader(input, name);
  std::vector<XentraceChange> all;
  for (XentraceChange change; reader.next(change);) all.push_back(change);
  return all;
}
std::string message(const std::string& bytes) {
  return complaint_of([&] { (void)changes_of(bytes); });
}

std::string words(std::initializer_list<std::uint32_t> all) {
  std::string text;
  for (const std::uint32_t word : all) {
    for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>(word >> shift & 0xffU);
  }
  return text;
}
/// Guest 1 starts to run on processor 0 at that cycle.
std::string record(std::uint32_t cycle) { return words({0x90021101, cycle, 0, 1U << 16}); }
std::string window(std::uint32_t cpu, const std::string& records) {
  return words({0x2001f003, cpu, static_cast<std::uint32_t>(records.size())}) + records;
}

TEST(XentraceReader, GivesTheChangesOfAllProcessorsInOrderOfTime) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "host.bin";
  XentraceWindows windows(file, 2);
  windows.change({0}, 10, {1, 0}, runnable, running);
  windows.change({0}, 40, {1, 0}, running, blocked);
  windows.change({1}, 20, {2, 0}, runnable, running);
  windows.change({1}, 1ULL << 40, {1, 0}, blocked, runnable);
  windows.finish();
  const std::vector<XentraceChange> changes = changes_of(*read_file(file));
  std::vector<std::uint64_t> cycles;
  for (const XentraceChange& change : changes) cycles.push_back(change.cycle);
  EXPECT_THAT(cycles, ElementsAre(10, 20, 40, 1ULL << 40));
  EXPECT_EQ(changes[1].vcpu.guest, 2U);
  EXPECT_EQ(changes[2].from, running);
  EXPECT_EQ(changes[2].to, blocked);
}

TEST(XentraceReader, GoesOnFromWindowToWindowAndPassesOverWhatItDoesNotKnow) {
  const std::string unknown = words({0x20028006, 1, 0});  // block, without a time stamp
  const std::string bytes =
      window(3, record(5) + unknown) + window(0, "") + window(3, unknown + record(9)) + window(1, record(7));
  std::vector<std::uint64_t> cycles;
  for (const XentraceChange& change : changes_of(bytes)) cycles.push_back(change.cycle);
  EXPECT_THAT(cycles, ElementsAre(5, 7, 9));
}

TEST(XentraceReader, ReadsWindowsThatAreLargerThanItsBuffer) {
  std::string records;
  for (std::uint32_t i = 1; i <= 10'000; ++i) records += record(i);
  const std::vector<XentraceChange> changes = changes_of(window(0, records) + window(1, record(5)));
  ASSERT_EQ(changes.size(), 10'001U);
  EXPECT_EQ(changes.back().cycle, 10'000U);
}

TEST(XentraceReader, NamesTheByteWhereAFileIsNoneOrEnds) {
  EXPECT_THAT(message(""), HasSubstr("host.bin: byte 0: found an empty file"));
  EXPECT_THAT(message("task,run_us,block_us"), HasSubstr("byte 0: found 0x6b736174"));
  const std::string good = window(0, record(5));
  EXPECT_THAT(message(good.substr(0, good.size() - 1)),
              HasSubstr("byte 8: found a window of 16 bytes; expected at most 15"));
  EXPECT_THAT(message(good + "abc"), HasSubstr("byte 28: found the end of the file"));
  EXPECT_THAT(message(window(0, record(5).substr(0, 12))),
              HasSubstr("byte 12: found a record that goes beyond"));
  EXPECT_THAT(message(window(0, "ab")), HasSubstr("byte 12: found a record that goes beyond"));
  EXPECT_THAT(message(words({0x2001f003, 0, 0xffffffff})), HasSubstr("found a window of 4294967295 bytes"));
  EXPECT_THAT(message(window(256, "")), HasSubstr("byte 4: found processor 256"));
}

TEST(XentraceReader, RefusesTimeThatGoesBackAndStatesThatThereAreNot) {
  EXPECT_THAT(message(window(0, record(5) + record(4))), HasSubstr("byte 28: found cycle 4 behind 5"));
  EXPECT_THAT(message(window(0, words({0x90021511, 5, 0, 0}))),
              HasSubstr("a change of state of another form"));
}

/// Phases of one virtual processor that is in each state from a cycle on, until the last.
using Spell = std::pair<std::uint64_t, XentraceState>;
std::vector<std::pair<std::uint64_t, std::uint64_t>> phases(const std::vector<Spell>& spells,
                                                            std::uint64_t shortest = 0) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  XentraceDemands demands(
      shortest, [&](XentraceVcpu, std::uint64_t run, std::uint64_t block) { all.emplace_back(run, block); });
  for (std::size_t i = 1; i < spells.size(); ++i) {
    demands.change({spells[i].first, {1, 0}, spells[i - 1].second, spells[i].second});
  }
  demands.finish(spells.back().first);
  EXPECT_EQ(demands.contradictions(), 0U);
  return all;
}

TEST(XentraceDemand, IsWhatRanUntilItWasBlockedAndLeavesOutWaiting) {
  EXPECT_THAT(phases({{0, runnable},
                      {5, running},
                      {15, runnable},
                      {40, running},
                      {45, blocked},
                      {75, runnable},
                      {80, running},
                      {90, blocked}}),
              ElementsAre(std::pair(15, 30), std::pair(10, 0)));
}

TEST(XentraceDemand, LeavesOutTheTimeBeforeAGuestIsThere) {
  EXPECT_THAT(phases({{0, runnable},
                      {0, running},
                      {0, offline},
                      {50, runnable},
                      {50, running},
                      {60, blocked},
                      {70, offline}}),
              ElementsAre(std::pair(10, 10)));
}

TEST(XentraceDemand, TakesAShortSpellForAPartOfTheBlock) {
  const std::vector<Spell> spells{{0, runnable},  {0, running},   {100, blocked}, {200, running},
                                  {203, blocked}, {300, running}, {400, blocked}};
  EXPECT_THAT(phases(spells, 10), ElementsAre(std::pair(100, 200), std::pair(100, 0)));
  EXPECT_THAT(phases(spells), ElementsAre(std::pair(100, 100), std::pair(3, 97), std::pair(100, 0)));
}

}  // namespace
}  // namespace xensim
