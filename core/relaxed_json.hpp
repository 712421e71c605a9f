/// JSON as people write it for tools that are not strict.
#pragma once

#include <string>

namespace xensim {

/// The same text with blanks in place of comments (`/* */`, `//`) and of commas before a closing bracket:
/// each character that is left stands where it stood. O(length).
[[nodiscard]] std::string strict_json(std::string text);

}  // namespace xensim
