#include "workloads/recorded/rt_app_file.hpp"

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "tests/complaint.hpp"

namespace xensim {
namespace {

using Kind = RtAppEvent::Kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string message(const std::string& text, const RtAppOptions& options = {}) {
  return complaint_of([&] { (void)parse_rt_app(text, "load.json", options); });
}
/// Of a task `a` with these members.
std::string task_message(const std::string& members) {
  return message(R"({"tasks": {"a": {)" + members + "}}}");
}
RtAppFile task(const std::string& members) {
  return parse_rt_app(R"({"tasks": {"a": {)" + members + "}}}", "f");
}

TEST(RtAppFile, HasTasksOfPhasesOfEventsInTheirOrder) {
  const RtAppFile file = parse_rt_app(R"({
    "global": {"duration": 2, "default_policy": "SCHED_OTHER", "calibration": "CPU0"},
    "tasks": {"net": {"instance": 2, "loop": 5, "delay": 7,
      "phases": {"p0": {"loop": 2, "run": 2000, "timer": {"ref": "unique", "period": 10000}},
                 "p1": {"runtime": 3000, "sleep": 5000}}}}})",
                                      "f");
  EXPECT_EQ(file.duration, Time{2s});
  ASSERT_EQ(file.tasks.size(), 1U);
  const RtAppTask& net = file.tasks[0];
  EXPECT_EQ(net.instances, 2U);
  EXPECT_EQ(net.loops, 5);
  EXPECT_EQ(net.delay, Time{7us});
  ASSERT_EQ(net.phases.size(), 2U);
  EXPECT_EQ(net.phases[0].loops, 2U);
  EXPECT_EQ(net.phases[1].first, 2U);
  ASSERT_EQ(file.events.size(), 4U);
  EXPECT_EQ(file.events[0].time, Time{2ms});
  EXPECT_EQ(file.events[1].kind, Kind::timer);
  EXPECT_TRUE(file.objects[file.events[1].object].unique);
  EXPECT_FALSE(file.events[1].absolute);
  EXPECT_EQ(file.events[2].kind, Kind::runtime);
  EXPECT_EQ(file.events[3].kind, Kind::sleep);
}

TEST(RtAppFile, IgnoresWhatFollowsTheNameOfAnEvent) {
  const RtAppFile file = task(R"("run0": 1, "runtime_b": 2, "run1": 3, "sleepy": 4)");
  std::vector<Kind> kinds;
  for (const RtAppEvent& event : file.events) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::run, Kind::runtime, Kind::run, Kind::sleep));
}

TEST(RtAppFile, RunsForEverWhereNothingElseIsSaid) {
  const RtAppFile file = task(R"("run": 1)");
  EXPECT_FALSE(file.duration);
  EXPECT_EQ(file.tasks[0].instances, 1U);
  EXPECT_EQ(file.tasks[0].loops, -1);
  EXPECT_EQ(file.tasks[0].phases[0].loops, 1U);
}

TEST(RtAppFile, CountsWhoMeetsAtABarrierAndKeepsKindsOfObjectsApart) {
  const RtAppFile file = parse_rt_app(R"({"tasks": {
      "a": {"instance": 2, "barrier0": "x", "barrier1": "x", "lock": "x", "unlock": "x"},
      "b": {"barrier": "x", "wait": {"ref": "x", "mutex": "x"}}}})",
                                      "f");
  ASSERT_EQ(file.objects.size(), 3U) << "a barrier, a mutex and a condition";
  EXPECT_EQ(file.objects[0].users, 3U);
  EXPECT_EQ(file.events.back().mutex, file.events[2].object);
}

TEST(RtAppFile, AResumeIsForTheNameASuspendHas) {
  const RtAppFile file =
      parse_rt_app(R"({"tasks": {"a": {"suspend": "x", "run": 1}, "b": {"suspend": "", "run": 1},
      "c": {"resume0": "x", "resume1": "b", "resume2": "a"}}})",
                   "f");
  EXPECT_EQ(file.events[0].object, file.events[4].object) << "rt-app 1.0: whatever name that is";
  EXPECT_EQ(file.events[2].object, file.events[5].object) << "where it says none, workgen writes the task's";
  EXPECT_THAT(file.ignored, testing::ElementsAre("resume of \"a\": nobody is suspended there"));
}

TEST(RtAppFile, SaysWhereTheRealProgramDoesNotCountLoops) {
  EXPECT_THAT(task(R"("loop": 3, "run": 1)").ignored, testing::ElementsAre(HasSubstr("rt-app 1.0 repeats")));
  EXPECT_THAT(task(R"("loop": 3, "phases": {"p": {"loop": 2, "run": 1}})").ignored, testing::ElementsAre());
  EXPECT_THAT(task(R"("loop": -1, "run": 1)").ignored, testing::ElementsAre());
}

TEST(RtAppFile, TakesWhatWorkgenWrites) {
  EXPECT_EQ(
      parse_rt_app(R"({"global": {"frag": 1, "duration": 2}, "tasks": {"a": {"run": 1}}})", "f").duration,
      2s);
}

TEST(RtAppFile, TakesTheLastOfPhasesWithOneNameInThePlaceOfTheFirst) {
  // rt-app 1.0 does, and workgen leaves it the phases that are written over several lines.
  const RtAppFile file = task(R"("phases": {
      "heavy": {"loop": 5, "run": 1, "sleep": 2},
      "light": {"run": 3},
      "heavy": {"loop": 6, "run": 4},
      "heavy": {"run": 5}})");
  ASSERT_EQ(file.tasks[0].phases.size(), 2U);
  EXPECT_EQ(file.tasks[0].phases[0].name, "heavy");
  EXPECT_EQ(file.tasks[0].phases[0].loops, 1U);
  ASSERT_EQ(file.events.size(), 2U);
  EXPECT_EQ(file.events[0].time, Time{5us});
  EXPECT_EQ(file.events[1].time, Time{3us});
  EXPECT_THAT(file.ignored, ElementsAre(HasSubstr(R"(all but the last phase "heavy" of task "a")")));
}

TEST(RtAppFile, KnowsTheLinesOfTheLastOfThem) {
  EXPECT_THAT(task_message("\"phases\": {\n\"p\": {\"run\": 1},\n\"p\": {\n\"run\": -1}}"),
              HasSubstr("load.json:4: $.tasks.a.phases.p.run: "));
}

TEST(RtAppFile, TakesCommentsAndACommaTooMany) {
  EXPECT_EQ(task("\"run\": 1, /* then */ \"sleep\": 2, // rest\n").events.size(), 2U);
}

TEST(RtAppFile, MayBeOfSomeOfItsTasksOnly) {
  const std::string both = R"({"tasks": {"a": {"run": 1}, "b": {"sleep": 2}}})";
  EXPECT_EQ(parse_rt_app(both, "f", {.tasks = {"b"}}).events.at(0).kind, Kind::sleep);
  EXPECT_THAT(message(both, {.tasks = {"bb"}}), AllOf(HasSubstr("no task \"bb\""), HasSubstr("a or b")));
}

TEST(RtAppFile, NamesFileLinePathAndTheNearestKeyForAMistake) {
  const std::string error = message("{\"tasks\": {\n \"a\": {\"phases\": {\"p\": {\n \"slep\": 5}}}}}");
  EXPECT_THAT(error, AllOf(HasSubstr("load.json:3: $.tasks.a.phases.p.slep: "),
                           HasSubstr("unknown key \"slep\""), HasSubstr("did you mean \"sleep\"?")));
  EXPECT_THAT(message(R"({"tasks": {"a": {"run": 1}}, "globals": {}})"),
              HasSubstr("did you mean \"global\"?"));
  EXPECT_THAT(task_message(R"("timer": {"ref": "t", "period": 1, "mode": "absolut"})"),
              HasSubstr("did you mean \"absolute\"?"));
  EXPECT_THAT(task_message(R"("fork": "b")"),
              AllOf(HasSubstr("fork of a task \"b\""), HasSubstr("expected a")));
}

TEST(RtAppFile, RefusesWhatTheKernelCannot) {
  EXPECT_THAT(task_message(R"("mem": 1000)"), HasSubstr("of mem there is none here"));
  EXPECT_THAT(task_message(R"("iorun0": 1)"), HasSubstr("of iorun there is none here"));
  EXPECT_THAT(task_message(R"("policy": "SCHED_FIFO", "run": 1)"),
              AllOf(HasSubstr("$.tasks.a.policy"), HasSubstr("SCHED_OTHER"), HasSubstr("policies = ignore")));
  EXPECT_THAT(task_message(R"("priority": -5, "run": 1)"), HasSubstr("policies = ignore"));
  EXPECT_THAT(task_message(R"("policy": "SCHED_FIF", "run": 1)"), HasSubstr("did you mean \"SCHED_FIFO\"?"));
}

TEST(RtAppFile, SaysOnceWhatItIgnores) {
  const std::string text =
      R"({"tasks": {"a": {"cpus": [0], "run": 1}, "b": {"cpus": [1], "policy": "SCHED_RR",
      "priority": 10, "run": 1}}})";
  EXPECT_EQ(parse_rt_app(text, "f", {.ignore_policies = true}).ignored.size(), 2U);
}

TEST(RtAppFile, RefusesValuesOutOfRangeOrOfAnotherType) {
  EXPECT_THAT(task_message(R"("run": -1)"), HasSubstr("a whole number from 0 to 1000000000000"));
  EXPECT_THAT(task_message(R"("run": 1e30)"), HasSubstr("a whole number"));
  EXPECT_THAT(task_message(R"("run": 99999999999999999999)"), HasSubstr("a whole number"));
  EXPECT_THAT(task_message(R"("sleep": "5 ms")"), HasSubstr("a whole number"));
  EXPECT_THAT(task_message(R"("timer": 5)"), HasSubstr("an object"));
  EXPECT_THAT(task_message(R"("lock": {})"), HasSubstr("a string"));
  EXPECT_THAT(task_message(R"("instance": 10001, "run": 1)"), HasSubstr("10000"));
  EXPECT_THAT(task_message(R"("phases": {"p": {"loop": 0, "run": 1}})"), HasSubstr("from 1"));
  EXPECT_THAT(message(R"({"tasks": {"a": {"instance": 6000, "run": 1}, "b": {"instance": 6000, "run": 1}}})"),
              HasSubstr("12000 processes"));
}

TEST(RtAppFile, RefusesWhatDoesNotFitTogether) {
  EXPECT_THAT(task_message(R"("run": 1, "run": 2)"), HasSubstr("key \"run\" twice"));
  EXPECT_THAT(task_message(R"("phases": {"p": {"run": 1, "run": 2}})"), HasSubstr("key \"run\" twice"));
  EXPECT_THAT(task_message(R"("run": 1, "phases": {"p": {"run": 1}})"), HasSubstr("an event beside phases"));
  EXPECT_THAT(task_message(R"("phases": {})"), HasSubstr("no phase"));
  EXPECT_THAT(task_message(R"("instance": 0, "run": 1)"), HasSubstr("no task with an instance"));
  EXPECT_THAT(message(R"({"tasks": {}})"), HasSubstr("no task"));
  EXPECT_THAT(message(R"({"tasks": {"a/b": {"run": 1}}})"), HasSubstr("without quotes, commas and slashes"));
  EXPECT_THAT(message(R"({"tasks": {"": {"run": 1}}})"), HasSubstr("1 to 100"));
  for (const char* text : {"", "{", "[]", "5", "{\"tasks\": 5}", "{\"tasks\": {\"a\": 5}}", "{} {}"}) {
    EXPECT_NE(message(text), "no error") << text;
  }
}

TEST(RtAppFile, IsDescribedInALineForEachTask) {
  EXPECT_THAT(
      describe(task(R"("loop": 3, "phases": {"p": {"loop": 4, "run": 250, "sleep": 100}})")),
      AllOf(HasSubstr("1 tasks, 2 events"),
            HasSubstr("a: 1 processes, 3 loops of 1 phases with 8 events, 1000 us running, 400 us asleep")));
}

}  // namespace
}  // namespace xensim
