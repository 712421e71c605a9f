#include "core/hash.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

TEST(Fnv1a, OfTheExamplesInItsDefinition) {  // draft-eastlake-fnv, appendix C
  EXPECT_EQ(Fnv1a<std::uint32_t>().value(), 0x811c9dc5U);
  EXPECT_EQ(Fnv1a<std::uint32_t>().add("foobar").value(), 0xbf9cf968U);
  EXPECT_EQ(Fnv1a<std::uint64_t>().value(), 0xcbf29ce484222325U);
  EXPECT_EQ(Fnv1a<std::uint64_t>().add("foobar").value(), 0x85944171f73967e8U);
}

TEST(Fnv1a, TakesBytesOneByOneOrTogether) {
  EXPECT_EQ(Fnv1a<std::uint32_t>().add(std::uint8_t{0xe4}).value(),
            Fnv1a<std::uint32_t>().add("\xe4").value());
}

}  // namespace
}  // namespace xensim
