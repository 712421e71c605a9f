#include "models/io/packet/checksum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/io/packet/network_order.hpp"
#include "tests/models/io/packet/octets.hpp"

namespace xensim {
namespace {

using test::octets;

TEST(Checksum, OfTheExampleInRfc1071) {
  EXPECT_EQ(Checksum().add(octets({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7})).result(), 0x220d);
}

TEST(Checksum, OfNothingIsAllOnes) { EXPECT_EQ(Checksum().result(), 0xffff); }

TEST(Checksum, AnOddByteIsTheUpperHalfOfAWord) {
  EXPECT_EQ(Checksum().add(octets({0x12, 0x34, 0x56})).result(),
            Checksum().add(octets({0x12, 0x34, 0x56, 0x00})).result());
}

TEST(Checksum, IncludingItselfIsZero) {
  EXPECT_TRUE(rc::check([](std::vector<std::uint8_t> data) {
    std::vector<std::byte> bytes = octets(data);
    if (bytes.size() % 2 != 0) bytes.pop_back();
    const std::uint16_t sum = Checksum().add(bytes).result();
    RC_ASSERT(Checksum().add(bytes).add(sum).result() == 0);
  }));
}

TEST(Checksum, InPartsIsThatOfTheWhole) {
  EXPECT_TRUE(rc::check([](std::vector<std::uint8_t> data) {
    const std::vector<std::byte> bytes = octets(data);
    const std::size_t cut = *rc::gen::inRange<std::size_t>(0, bytes.size() / 2 + 1) * 2;
    const std::span<const std::byte> all(bytes);
    RC_ASSERT(Checksum().add(all.subspan(cut)).add(all.first(cut)).result() == Checksum().add(all).result());
  }));
}

TEST(NetworkOrder, TheMostSignificantByteComesFirst) {
  const auto bytes = octets({0x0a, 0x00, 0x01, 0x02});
  EXPECT_EQ(load_network<std::uint32_t>(bytes, 0), 0x0a000102U);
  EXPECT_EQ(load_network<std::uint16_t>(bytes, 2), 0x0102U);
}

TEST(NetworkOrder, WhatIsStoredIsLoaded) {
  EXPECT_TRUE(rc::check([](std::uint32_t word, std::uint16_t half) {
    std::vector<std::byte> bytes(8);
    store_network(std::span<std::byte>(bytes), 1, word);
    store_network(std::span<std::byte>(bytes), 5, half);
    RC_ASSERT(load_network<std::uint32_t>(bytes, 1) == word);
    RC_ASSERT(load_network<std::uint16_t>(bytes, 5) == half);
  }));
}

}  // namespace
}  // namespace xensim
