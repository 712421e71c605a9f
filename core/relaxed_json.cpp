#include "core/relaxed_json.hpp"

#include <algorithm>
#include <string_view>

namespace xensim {
namespace {

/// Behind the string that begins at `begin`.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

/// Behind the comment that begins at `begin`; there, if none does. One that does not end is none.
std::size_t end_of_comment(std::string_view text, std::size_t begin) {
  const std::string_view mark = text.substr(begin, 2);
  if (mark == "//") return std::min(text.find('\n', begin), text.size());
  if (mark != "/*") return begin;
  const std::size_t end = text.find("*/", begin + 2);
  return end == std::string_view::npos ? begin : end + 2;
}

}  // namespace

std::string strict_json(std::string text) {
  std::size_t comma = std::string::npos;  // the last that only blanks have followed
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = end_of_comment(text, at); end > at) {
      for (; at < end; ++at) {
        if (text[at] != '\n') text[at] = ' ';
      }
      continue;
    }
    const char c = text[at];
    if ((c == '}' || c == ']') && comma != std::string::npos) text[comma] = ' ';
    if (c == ',') {
      comma = at;
    } else if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) {
      comma = std::string::npos;
    }
    at = c == '"' ? end_of_string(text, at) : at + 1;
  }
  return text;
}

}  // namespace xensim
