#include "workloads/recorded/phases_file.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "core/error.hpp"
#include "tests/complaint.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

RecordedPhases parse(const std::string& text) {
  std::istringstream input(text);
  return parse_phases(input, "load.csv");
}
std::string message(const std::string& text) {
  return complaint_of([&] { (void)parse(text); });
}

TEST(PhasesFile, HasPhasesByTaskInTheOrderOfLinesAndExact) {
  const RecordedPhases phases =
      parse("# two guests\ntask,run_us,block_us\na,10,20\n\nb,1.5,0\r\na,0.000001,7\n");
  EXPECT_FALSE(phases.open_loop);
  ASSERT_EQ(phases.tasks.size(), 2U);
  ASSERT_EQ(phases.tasks[0].phases.size(), 2U);
  EXPECT_EQ(phases.tasks[0].phases[0].other, Time{20us});
  EXPECT_EQ(phases.tasks[0].phases[1].run, Time{1});
  EXPECT_EQ(phases.tasks[1].phases[0].run, Time{1500ns});
}

TEST(PhasesFile, TakesColumnsInAnyOrderAndAnOpenLoop) {
  const RecordedPhases phases = parse("run_us , time_us\n5,0\n6,100");
  EXPECT_TRUE(phases.open_loop);
  ASSERT_EQ(phases.tasks.at(0).phases.size(), 2U);
  EXPECT_EQ(phases.tasks[0].phases[1].other, Time{100us});
  EXPECT_THAT(message("run_us,time_us\n5,100\n6,99\n"),
              AllOf(HasSubstr("load.csv:3: "), HasSubstr("order of time")));
}

TEST(PhasesFile, GivesEachInstanceATaskByNameOrInTurn) {
  const RecordedPhases phases = parse("task,run_us,block_us\na,1,1\nb,1,1\n");
  EXPECT_EQ(phases.task("", 3, "f").name, "b");
  EXPECT_EQ(phases.task("a", 3, "f").name, "a");
  EXPECT_THROW((void)phases.task("c", 0, "f"), InputError);
}

TEST(PhasesFile, ReadsBackTheLinesThatAreWritten) {
  const std::string line = phase_line("d1v0", Time{1'500'001}, Time{3s});
  EXPECT_EQ(line, "d1v0,1.500001,3000000\n");
  const RecordedPhases phases = parse(std::string(closed_phases_header) + "\n" + line);
  EXPECT_EQ(phases.tasks.at(0).phases.at(0).run, Time{1'500'001});
  EXPECT_EQ(phases.tasks.at(0).phases.at(0).other, Time{3s});
}

TEST(PhasesFile, NamesFileAndLineOfAMistake) {
  EXPECT_THAT(message("task,run_us,blok_us\n"), AllOf(HasSubstr("load.csv:1: "), HasSubstr("\"block_us\"?")));
  const auto complaint = [](const std::string& line) { return message("task,run_us,block_us\n" + line); };
  EXPECT_THAT(complaint("a,1"),
              AllOf(HasSubstr("load.csv:2: "), HasSubstr("2 values"), HasSubstr("expected 3")));
  for (const char* number : {"-1", "1e3", "", " ", "1.", ".5", "0x10", "1.0000001", "1000000000001", "nan",
                             "99999999999999999999999", "1 2"}) {
    EXPECT_THAT(complaint(std::string("a,") + number + ",1"), HasSubstr("expected microseconds")) << number;
  }
  EXPECT_THAT(complaint("\x01,1,1"), HasSubstr(R"(a task named "\x01")"));
  EXPECT_THAT(complaint(std::string(70'000, 'a')), HasSubstr("a line of more than 65535"));
}

TEST(PhasesFile, SaysWhatIsMissingOrTwice) {
  EXPECT_THAT(message(""), HasSubstr("an empty file"));
  EXPECT_THAT(message("task,run_us,block_us\n"), HasSubstr("no phase"));
  EXPECT_THAT(message("task,block_us\n"), HasSubstr("no column \"run_us\""));
  EXPECT_THAT(message("run_us\n"), HasSubstr("no column \"block_us\" or \"time_us\""));
  EXPECT_THAT(message("run_us,time_us,block_us\n"), HasSubstr("columns \"block_us\" and \"time_us\""));
  EXPECT_THAT(message("run_us,run_us,block_us\n"), HasSubstr("\"run_us\" twice"));
  EXPECT_THAT(message("\x1f\x8b\x08"), HasSubstr("a compressed file"));
}

}  // namespace
}  // namespace xensim
