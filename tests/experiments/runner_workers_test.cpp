#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "core/error.hpp"
#include "experiments/runner/worker_pool.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using namespace std::chrono_literals;

bool has_children() { return !(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD); }

class WorkerPoolTest : public testing::Test {
 protected:
  WorkerPool pool_of(unsigned workers, std::function<std::string(std::size_t)> task) {
    return {.workers = workers,
            .task = std::move(task),
            .done = [this](std::size_t i, std::string_view answer) { answers.emplace(i, answer); },
            .tick = [] {}};
  }
  TaskFailure::Kind failure_of(const std::function<std::string(std::size_t)>& task, std::size_t expected) {
    try {
      (void)pool_of(1, task).run(tasks);
    } catch (const TaskFailure& failure) {
      EXPECT_EQ(failure.task, expected);
      message = failure.what();
      return failure.kind;
    }
    throw std::logic_error("no failure was reported");
  }

  const std::vector<std::size_t> tasks{10, 11, 12, 13, 14, 15};
  std::map<std::size_t, std::string> answers;
  std::string message;
};

TEST_F(WorkerPoolTest, answers_every_task_exactly_once_for_any_number_of_workers) {
  EXPECT_TRUE(rc::check([](std::uint8_t workers, std::uint8_t count) {
    std::vector<std::size_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    std::multiset<std::string> seen;
    const WorkerPool pool{.workers = workers % 5U,
                          .task = [](std::size_t i) { return std::to_string(i); },
                          .done = [&](std::size_t, std::string_view text) { seen.emplace(text); },
                          .tick = [] {}};
    RC_ASSERT(pool.run(numbers));
    RC_ASSERT(seen.size() == count);
    for (const std::size_t i : numbers) RC_ASSERT(seen.count(std::to_string(i)) == 1U);
    RC_ASSERT(!has_children());
  }));
}

TEST_F(WorkerPoolTest, tasks_run_in_other_processes) {
  EXPECT_TRUE(pool_of(2, [](std::size_t) { return std::to_string(::getpid()); }).run(tasks));
  for (const auto& [task, pid] : answers) EXPECT_NE(pid, std::to_string(::getpid()));
}

TEST_F(WorkerPoolTest, one_slow_task_does_not_hold_up_the_others) {
  // Task 10 answers only when all others have: with fixed shares, its worker's others would never start.
  const TemporaryDirectory directory;
  const auto others = tasks.size() - 1;
  EXPECT_TRUE(pool_of(2, [&](std::size_t task) {
                if (task != 10) {
                  std::ofstream(directory.path() / std::to_string(task));
                  return std::string("quick");
                }
                const auto finished = [&] {
                  return std::distance(std::filesystem::directory_iterator(directory.path()), {});
                };
                while (static_cast<std::size_t>(finished()) < others) std::this_thread::sleep_for(1ms);
                return std::string("slow");
              }).run(tasks));
  EXPECT_EQ(answers.at(10), "slow");
}

TEST_F(WorkerPoolTest, answers_larger_than_a_pipe_arrive_whole) {
  EXPECT_TRUE(pool_of(3, [](std::size_t task) {
                return std::string(1'000'000 + task, static_cast<char>('a' + task % 26));
              }).run(tasks));
  for (const std::size_t task : tasks) {
    EXPECT_EQ(answers.at(task), std::string(1'000'000 + task, static_cast<char>('a' + task % 26)));
  }
}

TEST_F(WorkerPoolTest, no_tasks_need_no_worker) { EXPECT_TRUE(pool_of(2, nullptr).run({})); }

TEST_F(WorkerPoolTest, bad_input_stays_bad_input) {
  const auto kind = failure_of(
      [](std::size_t task) -> std::string {
        if (task == 13) throw InputError({.file = "x.json", .line = 3}, "nonsense");
        return "fine";
      },
      13);
  EXPECT_EQ(kind, TaskFailure::Kind::input);
  EXPECT_EQ(message, "x.json:3: nonsense");
  EXPECT_FALSE(has_children());
}

TEST_F(WorkerPoolTest, a_failed_simulation_stays_one) {
  const auto kind =
      failure_of([](std::size_t) -> std::string { throw SimulationError("contradiction"); }, 10);
  EXPECT_EQ(kind, TaskFailure::Kind::simulation);
  EXPECT_EQ(message, "contradiction");
}

TEST_F(WorkerPoolTest, other_exceptions_keep_their_message) {
  EXPECT_EQ(failure_of([](std::size_t) -> std::string { throw std::logic_error("odd"); }, 10),
            TaskFailure::Kind::other);
  EXPECT_EQ(message, "odd");
}

TEST_F(WorkerPoolTest, a_worker_that_crashes_is_reported_with_the_signal_and_its_task) {
  const auto kind = failure_of(
      [](std::size_t task) -> std::string {
        if (task == 12) ::raise(SIGKILL);
        return "fine";
      },
      12);
  EXPECT_EQ(kind, TaskFailure::Kind::died);
  EXPECT_THAT(message, testing::HasSubstr("signal 9"));
  EXPECT_FALSE(has_children());
}

TEST_F(WorkerPoolTest, a_worker_that_exits_is_reported_with_its_code) {
  EXPECT_EQ(failure_of([](std::size_t) -> std::string { ::_exit(0); }, 10), TaskFailure::Kind::died);
  EXPECT_THAT(message, testing::HasSubstr("exit code 0"));
}

TEST_F(WorkerPoolTest, an_error_of_the_receiver_ends_the_workers) {
  WorkerPool pool = pool_of(2, [](std::size_t) { return std::string("fine"); });
  pool.done = [](std::size_t, std::string_view) { throw InputError({}, "disk full"); };
  EXPECT_THROW((void)pool.run(tasks), InputError);
  EXPECT_FALSE(has_children());
}

class WorkerPoolStopTest : public WorkerPoolTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Signals, WorkerPoolStopTest, testing::Values(SIGINT, SIGTERM));

TEST_P(WorkerPoolStopTest, ends_workers_in_the_middle_of_a_task_and_keeps_what_was_done) {
  WorkerPool pool = pool_of(2, [](std::size_t task) {
    if (task != 10) std::this_thread::sleep_for(1h);
    return std::string("done");
  });
  pool.tick = [&] {
    if (answers.size() == 1) ::kill(::getpid(), GetParam());
  };
  EXPECT_FALSE(pool.run(tasks));
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_FALSE(has_children());
}

TEST_P(WorkerPoolStopTest, does_not_reach_a_worker_directly) {
  EXPECT_TRUE(pool_of(2, [&](std::size_t) {
                ::kill(::getpid(), GetParam());
                return std::string("unimpressed");
              }).run(tasks));
  EXPECT_EQ(answers.size(), tasks.size());
}

TEST_P(WorkerPoolStopTest, is_not_listened_to_where_the_caller_ignores_the_signal) {
  const auto before = std::signal(GetParam(), SIG_IGN);
  WorkerPool pool = pool_of(2, [](std::size_t) { return std::string("done"); });
  pool.tick = [&] { ::kill(::getpid(), GetParam()); };
  EXPECT_TRUE(pool.run(tasks));
  std::signal(GetParam(), before);
}

}  // namespace
}  // namespace xensim
