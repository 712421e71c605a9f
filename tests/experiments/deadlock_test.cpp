/// Runs that can no longer proceed, and those that only have nothing to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/simulation.hpp"
#include "models/guest/processes/self.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const ProgramImage image{.path = "/bin/embrace", .dynamic = false};

struct EmbraceParameters {
  std::int64_t after = 1;  ///< so many of its processes' rounds
  bool answers = false;    ///< the child does
};
const auto parameters = ParameterTable<EmbraceParameters>{}
                            .add("after", &EmbraceParameters::after, "rounds until both wait", "")
                            .add("answers", &EmbraceParameters::answers, "the child does not wait", "");

/// A parent and its child send each other a byte in turn; in the end each waits for the other's.
class Embrace final : public Workload {
 public:
  Embrace(const EmbraceParameters& p, const WorkloadContext&) : parameters_(p) {}
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(starts(parameters_));
    return all;
  }
  [[nodiscard]] WorkloadNeeds needs() const override { return {.system_calls = true}; }

 private:
  struct Pipes {
    Self::PipeEnds there, back;
  };
  static Program starts(EmbraceParameters p) {
    const Self::Body main = [p](Self self) { return parent(self, p); };
    co_await Self{}.exec(image, main);
  }
  static Program parent(Self self, EmbraceParameters p) {
    Pipes pipes;
    co_await self.pipe(pipes.there);
    co_await self.pipe(pipes.back);
    const Self::Body other = [pipes, p](Self born) { return child(born, pipes, p); };
    co_await self.fork(other);
    co_await self.close(pipes.there.read);
    co_await self.close(pipes.back.write);
    for (std::int64_t i = 0; i < p.after; ++i) {
      co_await self.write(pipes.there.write, 1);
      co_await self.read(pipes.back.read, 1);
    }
    co_await self.read(pipes.back.read, 1);
  }
  static Program child(Self self, Pipes pipes, EmbraceParameters p) {
    co_await self.close(pipes.there.write);
    co_await self.close(pipes.back.read);
    for (std::int64_t i = 0; i < p.after; ++i) {
      co_await self.read(pipes.there.read, 1);
      co_await self.write(pipes.back.write, 1);
    }
    if (p.answers) co_await self.write(pipes.back.write, 1);
    if (!p.answers) co_await self.read(pipes.there.read, 1);
  }

  EmbraceParameters parameters_;
};
std::string failure_of(const Json& platform, const Json& domains) {
  const Json document{{"name", "test"},
                      {"platform", platform},
                      {"domains", domains},
                      {"operator", {{"interval", "1 ms"}}},
                      {"measure", {{"warm_up", "10 ms"}, {"duration", "50 ms"}}}};
  try {
    (void)simulate(*expand({document, nullptr}).front().experiment);
  } catch (const SimulationError& error) {
    return error.what();
  }
  return "none";
}

Json two_of(const Json& workload) {
  return Json::array({{{"name", "idle"}, {"count", 1}, {"workload", "idle"}},
                      {{"name", "pair"}, {"count", 2}, {"workload", workload}}});
}

class DeadlockTest : public testing::TestWithParam<const char*> {
 protected:
  /// Here and not before: other tests look at all workloads that there are.
  static void SetUpTestSuite() {
    static const RegisterWorkload<Embrace, EmbraceParameters> registered{
        "embrace", "two that wait for each other", parameters};
  }
};

TEST_P(DeadlockTest, ends_the_run_with_who_waits_for_whom) {
  EXPECT_THAT(failure_of({{"name", GetParam()}}, two_of({{"name", "embrace"}, {"after", 20}})),
              AllOf(HasSubstr("pair/0 can never go on: process "),
                    testing::ContainsRegex(
                        "process ([0-9]+) waits for process ([0-9]+) \\(data in a pipe\\); process "
                        "([0-9]+) waits for process ([0-9]+) \\(data in a pipe\\)")));
}

TEST_P(DeadlockTest, is_none_where_programs_end_or_still_run) {
  EXPECT_EQ(failure_of({{"name", GetParam()}}, two_of({{"name", "embrace"}, {"answers", true}})), "none");
  EXPECT_EQ(failure_of({{"name", GetParam()}}, two_of({{"name", "embrace"}, {"after", 1'000'000'000}})),
            "none");
}

TEST_P(DeadlockTest, is_none_where_there_is_nothing_to_do) {
  for (const char* workload : {"idle", "cpu_hog", "daemons", "unixbench_pipe", "lmbench_pipe"}) {
    EXPECT_EQ(failure_of({{"name", GetParam()}}, two_of(workload)), "none") << workload;
  }
}

INSTANTIATE_TEST_SUITE_P(Everywhere, DeadlockTest, testing::Values("xen", "native"),
                         [](const auto& platform) { return std::string(platform.param); });

}  // namespace
}  // namespace xensim
