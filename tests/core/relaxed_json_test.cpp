#include "core/relaxed_json.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

TEST(RelaxedJson, HasBlanksInPlaceOfCommentsSoThatLinesAndColumnsStay) {
  EXPECT_EQ(strict_json("{ // a\n /* b\n c */ \"x\": 1}"), "{     \n     \n      \"x\": 1}");
}

TEST(RelaxedJson, LeavesOutCommasBeforeAClosingBracket) {
  EXPECT_EQ(strict_json("{\"x\": [1, 2, ], /* end */ }"), "{\"x\": [1, 2  ]            }");
  EXPECT_EQ(strict_json("[1,,]"), "[1, ]") << "one of them: the other is still a mistake";
}

TEST(RelaxedJson, LeavesStringsAlone) {
  for (const char* text : {R"({"a//b": "/* c */ ,]", "d\"//": 1})", R"(["\\", "x,"])", R"(["open // )"}) {
    EXPECT_EQ(strict_json(text), text);
  }
}

TEST(RelaxedJson, ACommentWithoutEndIsNone) {
  EXPECT_EQ(strict_json("{} /* and"), "{} /* and");
  EXPECT_EQ(strict_json("/"), "/");
  EXPECT_EQ(strict_json(""), "");
}

}  // namespace
}  // namespace xensim
