#include "core/error.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

std::string message(std::string_view found) { return InputError({}, found).what(); }

TEST(InputError, NamesPlaceExpectationAndNearestName) {
  EXPECT_STREQ(InputError({.file = "a.json", .line = 3, .path = "$.x"}, "found 5", "less", "4").what(),
               "a.json:3: $.x: found 5; expected less; did you mean \"4\"?");
}

TEST(InputError, IsOneLineOfTextWhateverWasFound) {
  EXPECT_EQ(message("a\x1b[2Jb\n\x7f"), R"(a\x1b[2Jb\x0a\x7f)");
  EXPECT_EQ(message(std::string_view("\0x", 2)), R"(\x00x)");
  EXPECT_EQ(message("Gr\u00f6\u00dfe \u20ac \U0001f600"), "Gr\u00f6\u00dfe \u20ac \U0001f600")
      << "other languages are text";
  EXPECT_EQ(message("\xff\xc3"), R"(\xff\xc3)") << "no UTF-8, and a character that is cut off";
  EXPECT_EQ(message("\xc0\xaf\xe2(\xa1"), R"(\xc0\xaf\xe2(\xa1)");
}

}  // namespace
}  // namespace xensim
