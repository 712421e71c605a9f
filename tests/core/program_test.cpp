#include "core/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace xensim {
namespace {

using testing::ElementsAre;
using Program = BasicProgram<int>;

std::vector<int> operations(Program program) {
  std::vector<int> all;
  while (program.advance()) all.push_back(program.operation());
  return all;
}

Program nothing() { co_return; }

Program count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
}

TEST(ProgramTest, ReturnsWithoutAnyOperation) { EXPECT_THAT(operations(nothing()), ElementsAre()); }

TEST(ProgramTest, AsksForItsOperationsInTurn) { EXPECT_THAT(operations(count_to(3)), ElementsAre(1, 2, 3)); }

Program count_twice() {
  co_await count_to(2);
  co_yield 10;
  co_await nothing();
  co_await count_to(3);
}

TEST(ProgramTest, AsksForThoseOfAnAwaitedProgramUntilThatReturns) {
  EXPECT_THAT(operations(count_twice()), ElementsAre(1, 2, 10, 1, 2, 3));
}

Program count_down(int from) {
  co_yield from;
  if (from > 0) co_await count_down(from - 1);
}

TEST(ProgramTest, AwaitsAtAnyDepth) { EXPECT_THAT(operations(count_down(4)), ElementsAre(4, 3, 2, 1, 0)); }

TEST(ProgramTest, AwaitsOneThatHasBegun) {
  const auto rest = [](Program begun) -> Program { co_await begun; };
  Program counting = count_to(3);
  ASSERT_TRUE(counting.advance());
  EXPECT_THAT(operations(rest(std::move(counting))), ElementsAre(2, 3));
  Program awaiting = count_twice();
  ASSERT_TRUE(awaiting.advance());
  EXPECT_THAT(operations(rest(std::move(awaiting))), ElementsAre(2, 10, 1, 2, 3));
}

Program fail() {
  co_yield 1;
  throw std::runtime_error("no disk");
}

TEST(ProgramTest, RethrowsWhatItThrew) {
  Program failing = fail();
  ASSERT_TRUE(failing.advance());
  EXPECT_THROW((void)failing.advance(), std::runtime_error);
}

Program recover(std::string& heard) {
  try {
    co_await fail();
  } catch (const std::runtime_error& error) {
    heard = error.what();
  }
  co_yield 2;
}

TEST(ProgramTest, WhatAnAwaitedProgramThrowsComesToTheOneThatAwaitsIt) {
  std::string heard;
  EXPECT_THAT(operations(recover(heard)), ElementsAre(1, 2));
  EXPECT_EQ(heard, "no disk");
  const auto pass_on = []() -> Program { co_await fail(); };
  EXPECT_THROW(operations(pass_on()), std::runtime_error);
}

/// Counts those that live.
struct Held {
  explicit Held(int& count) : alive(count) { ++alive; }
  ~Held() { --alive; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  int& alive;
};

Program hold(int& alive) {
  const Held held(alive);
  co_yield 1;
}

TEST(ProgramTest, OneThatIsGivenUpLeavesNothingBehind) {
  int alive = 0;
  const auto outer = [](int& count) -> Program {
    const Held held(count);
    co_await hold(count);
  };
  {
    Program program = outer(alive);
    ASSERT_TRUE(program.advance());
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace xensim
