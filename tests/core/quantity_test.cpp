#include "core/quantity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <stdexcept>

namespace xensim {
namespace {

TEST(Quantity, ReadsNumbersWithUnits) {
  EXPECT_EQ(parse_time("5 ms"), Time{5ms});
  EXPECT_EQ(parse_time("1.5us"), Time{1500ns});
  EXPECT_EQ(parse_time("-2 s"), Time{-2s});
  EXPECT_EQ(parse_bytes("512 KiB"), Bytes{524288});
  EXPECT_EQ(parse_bytes("1.75 GiB"), Bytes{1'879'048'192});
  EXPECT_EQ(parse_bytes("0.25 KiB"), Bytes{256});
  EXPECT_EQ(parse_frequency("2.4 GHz"), Frequency{2'400'000});
}

TEST(Quantity, RefusesWhatItCannotHoldExactly) {
  for (const char* text : {"", "5", "ms", "5 parsecs", "5 MS", "1..2 s", "--1 s", "1e3 s", "5 ms extra"}) {
    EXPECT_THROW((void)parse_time(text), std::invalid_argument) << text;
  }
  EXPECT_THROW((void)parse_time("0.5 ps"), std::invalid_argument);
  EXPECT_THROW((void)parse_time("0.00000000000001 s"), std::invalid_argument);
  EXPECT_THROW((void)parse_time("1000000000000000000000000 s"), std::invalid_argument);
  EXPECT_THROW((void)parse_time("9300000 s"), std::invalid_argument) << "beyond 106 days";
}

TEST(Quantity, WhatIsWrittenReadsBackTheSame) {
  EXPECT_TRUE(rc::check([](std::int32_t value) {
    RC_ASSERT(parse_time(format(Time{value})) == Time{value});
    RC_ASSERT(parse_bytes(format(Bytes{value})) == Bytes{value});
    RC_ASSERT(parse_frequency(format(Frequency{value})) == Frequency{value});
  }));
}

TEST(Quantity, NothingIsWrittenInTheUnitThatPeopleUse) {
  EXPECT_EQ(format(Time{}), "0 s");
  EXPECT_EQ(format(Bytes{}), "0 B");
}

}  // namespace
}  // namespace xensim
