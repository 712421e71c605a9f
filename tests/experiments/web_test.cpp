/// Web servers and their clients, as experiment files describe them.
#include <gmock/gmock.h>

#include <algorithm>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

/// One small server, or several, and users who make single requests.
Json web(Json platform, Json users, Json server = Json::object()) {
  server["name"] = "web99";
  if (!server.contains("connections")) server["connections"] = 1;
  users["name"] = "http_clients";
  return {{"name", "test"},
          {"machine", {{"base", "dell2650"}, {"memory", "512 MiB"}}},
          {"platform", std::move(platform)},
          {"domains", Json::array({Json{{"name", "web"}, {"count", 1}, {"workload", std::move(server)}}})},
          {"clients", Json::array({Json{{"name", "users"}, {"behaviour", std::move(users)}}})},
          {"measure", {{"warm_up", "3 s"}, {"duration", "3 s"}}}};
}
const Json native{{"name", "native"}, {"smp", false}};
const Json xen{{"name", "xen"}, {"memory", "256 MiB"}};

TEST(Web, AServerWithTimeToSpareGivesEachUserAlmostAllThatItsLineCarries) {
  for (const Json& platform : {native, xen}) {
    const RunResult result = simulate(interpret(web(platform, {{"connections", 20}})));
    EXPECT_THAT(metric(result, "users/user_rate"), AllOf(Ge(370.0), Le(404.0)));
    EXPECT_EQ(metric(result, "users/conforming"), 20);
    EXPECT_EQ(metric(result, "users/errors"), 0);
    EXPECT_EQ(metric(result, "web/web_broken"), 0);
    // Every answer was made by a server; those that are under way are not counted outside yet.
    EXPECT_GT(metric(result, "web/web_requests"), 3 * metric(result, "users/operations"));
  }
}

TEST(Web, RunningAheadChangesNothingAndAuditsFindNothing) {
  for (const Json& platform : {native, xen}) {
    Json document =
        web(platform, {{"connections", 8}, {"line_rate", 0}, {"start", "0 s"}}, {{"processes", 12}});
    // Natively little memory: files are read, and reclaim is at work.
    if (platform == native) document["machine"]["memory"] = "96 MiB";
    document["measure"] = {{"warm_up", "200 ms"}, {"duration", "150 ms"}};
    const RunResult ahead = simulate(interpret(document));
    const RunResult strictly = simulate(interpret(document), {.audit = true, .strict = true});
    EXPECT_GT(metric(ahead, "users/operations"), 50);
    EXPECT_EQ(metric(ahead, "users/operations"), metric(strictly, "users/operations"));
    EXPECT_EQ(metric(ahead, "users/answer/mean"), metric(strictly, "users/answer/mean"));
  }
}

TEST(Web, ChildrenTakeTurnsToAcceptByAnyLock) {
  for (const char* lock : {"semaphore", "file", "none"}) {
    const RunResult result = simulate(
        interpret(web(native, {{"connections", 10}, {"sessions", "single"}}, {{"accept_lock", lock}})));
    EXPECT_EQ(metric(result, "users/errors"), 0) << lock;
    EXPECT_NEAR(metric(result, "users/sessions"), 3 * metric(result, "users/operations"), 12) << lock;
    EXPECT_EQ(metric(result, "users/conforming"), 10) << lock;
  }
}

TEST(Web, ASessionHasSevenRequestsOnAverageOrTwoPointSeven) {
  const auto requests = [](const char* sessions) {
    Json document = web(native, {{"connections", 50}, {"sessions", sessions}, {"line_rate", 4000000}});
    document["measure"]["duration"] = "10 s";
    const RunResult result = simulate(interpret(document));
    return 10 * metric(result, "users/operations") / metric(result, "users/sessions");
  };
  EXPECT_NEAR(requests("sessions"), 7.3, 0.5);
  EXPECT_NEAR(requests("requests"), 2.7, 0.2);
}

TEST(Web, FilesThatAreNotInMemoryAreReadFromTheDisk) {
  const auto read = [](const char* per_process) {
    const RunResult result = simulate(
        interpret(web(native, {{"connections", 10}}, {{"processes", 20}, {"per_process", per_process}})));
    return std::pair{metric(result, "web/web_warm"), metric(result, "host0/memory/read")};
  };
  const auto [all, nothing_read] = read("400 KiB");
  EXPECT_NEAR(all, 25 * 4.88, 3);
  EXPECT_EQ(nothing_read, 0);
  const auto [nothing, much_read] = read("64 MiB");
  EXPECT_EQ(nothing, 0);
  EXPECT_GT(much_read, 100);
}

TEST(Web, ThePoolGrowsWhenTooFewChildrenAreIdle) {
  Json document = web(native, {{"connections", 20}}, {{"processes", 2}, {"most_processes", 100}});
  document["measure"]["warm_up"] = "7 s";
  const RunResult result = simulate(interpret(document));
  EXPECT_THAT(metric(result, "web/web_processes"), AllOf(Ge(20.0), Le(60.0)));
}

TEST(Web, UsersAreDealtOutAmongAllServersEachWithItsPort) {
  for (const Json& platform : {native, Json{{"name", "xen"}, {"memory", "160 MiB"}}}) {
    Json document = web(platform, {{"connections", 12}});
    document["domains"][0]["count"] = 2;
    // Who comes before there is a domain asks again after three seconds.
    document["measure"]["warm_up"] = "7 s";
    const RunResult result = simulate(interpret(document));
    EXPECT_EQ(metric(result, "users/conforming"), 12);
    EXPECT_EQ(metric(result, "users/errors"), 0);
  }
}

TEST(Web, WhenClientsVanishTheServerForgetsThemInTime) {
  Json document = web(native, {{"connections", 10}, {"vanish", "2500 ms"}}, {{"processes", 12}});
  document["clients"].push_back(
      Json{{"name", "late"},
           {"behaviour", {{"name", "http_clients"}, {"loop", "open"}, {"rate", 2}, {"line_rate", 0}}}});
  document["measure"] = {{"warm_up", "1100 s"}, {"duration", "10 s"}};
  const RunResult result = simulate(interpret(document));
  // Those between two requests were closed after 15 s; TCP gave up those with an answer under way.
  EXPECT_EQ(metric(result, "users/operations"), 0);
  EXPECT_GE(metric(result, "web/web_timeouts"), 1);
  EXPECT_GE(metric(result, "web/web_broken"), 1);
  EXPECT_GE(metric(result, "web/web_idle"), metric(result, "web/web_processes") - 1);
  EXPECT_THAT(metric(result, "late/operations"), AllOf(Ge(1.0), Le(3.0)));
  EXPECT_EQ(metric(result, "late/errors"), 0);
  EXPECT_EQ(metric(result, "host0/runnable"), 0);
}

TEST(Web, AnOpenLoopComesAtItsRateWhateverTheServerDoes) {
  const auto run = [](int rate) {
    return simulate(
        interpret(web(native, {{"loop", "open"}, {"rate", rate}, {"line_rate", 0}}, {{"processes", 200}})));
  };
  const RunResult light = run(100), heavy = run(1000);
  EXPECT_NEAR(metric(light, "users/operations"), 100, 15);
  EXPECT_NEAR(metric(heavy, "users/operations"), 1000, 60);
  EXPECT_GT(metric(heavy, "users/answer/p99"), 1.5 * metric(light, "users/answer/p99"));
  EXPECT_GE(metric(light, "users/answer/p99"), metric(light, "users/answer/median"));
}

TEST(Web, AnswersHaveACourse) {
  Json document = web(native, {{"loop", "open"}, {"rate", 200}, {"line_rate", 0}});
  document["measure"]["sample"] = "500 ms";
  document["measure"]["series"] = {"users/answers", "web/elapsed/user"};
  const RunResult result = simulate(interpret(document));
  ASSERT_EQ(result.series.size(), 2U);
  const TimeSeries& answers = result.series.front();
  EXPECT_EQ(answers.unit, "answers/s");
  ASSERT_EQ(answers.samples.size(), 6U);
  double sum = 0;
  for (const TimeSeries::Sample& sample : answers.samples) sum += sample.value / 6;
  EXPECT_NEAR(sum, metric(result, "users/operations"), 1e-9);
  EXPECT_NEAR(sum, 200, 25);
}

TEST(Web, ASearchFindsTheSameFromAboveAndFromBelow) {
  const auto found = [](int begin) {
    Json document = web(native,
                        {{"connections", begin},
                         {"rounds", 3},
                         {"settle", "1 s"},
                         {"window", "1 s"},
                         {"last_window", "2 s"},
                         {"conforming", 3200000},
                         {"line_rate", 4000000}},
                        {{"processes", 100}});
    document["measure"] = {{"warm_up", "0 s"}, {"duration", "9200 ms"}};
    return metric(simulate(interpret(document)), "users/score");
  };
  const double from_below = found(50), from_above = found(90);
  EXPECT_NEAR(from_below / from_above, 1, 0.04);
  EXPECT_THAT(from_below, AllOf(Ge(45.0), Le(75.0)));
}

TEST(Web, ASearchThatWasCutShortHasFoundNothing) {
  Json document =
      web(native, {{"connections", 20}, {"rounds", 2}, {"settle", "200 ms"}, {"window", "200 ms"}},
          {{"processes", 30}});
  document["measure"] = {{"warm_up", "0 s"}, {"duration", "3 s"}};  // the last round needs 12 s
  const RunResult result = simulate(interpret(document));
  EXPECT_GT(metric(result, "users/operations"), 0);
  EXPECT_EQ(std::ranges::find(result.metrics, "users/score", &Metric::name), result.metrics.end());
}

TEST(Web, NoAnswersHaveNoTimes) {
  Json document = web(native, {{"connections", 20}, {"start", "10 s"}}, {{"processes", 30}});
  document["measure"] = {{"warm_up", "0 s"}, {"duration", "300 ms"}};
  const RunResult result = simulate(interpret(document));
  EXPECT_EQ(metric(result, "users/operations"), 0);
  for (const char* name : {"users/first_byte/mean", "users/answer/mean", "users/answer/p99"}) {
    EXPECT_EQ(std::ranges::find(result.metrics, name, &Metric::name), result.metrics.end()) << name;
  }
}

}  // namespace
}  // namespace xensim
