#include "workloads/recorded/text_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config.hpp"
#include "core/error.hpp"

namespace xensim {
namespace {

constexpr Time longest_time = std::chrono::hours(24 * 100);  // of the clock's 106 days

}  // namespace

bool TextLine::at_end() {
  if (separator_ == ' ') text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size()));
  return text_.empty() && (separator_ == ' ' || ended_);
}

std::string_view TextLine::word(std::string_view what) {
  if (at_end()) fail("the end of the line", what);
  const bool blank = separator_ == ' ';
  const std::size_t end = std::min(blank ? text_.find_first_of(" \t") : text_.find(separator_), text_.size());
  const std::string_view found = text_.substr(0, end);
  ended_ = end == text_.size();
  text_.remove_prefix(blank || ended_ ? end : end + 1);
  return found;
}

std::uint64_t TextLine::number(std::string_view what, std::uint64_t most) {
  const std::string_view digits = word(what);
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  const bool whole = stop == end && !digits.empty();
  if (whole && (error == std::errc::result_out_of_range || value > most)) {
    fail(quoted(digits), fmt::format("{}, at most {}", what, most));
  }
  if (!whole || error != std::errc{}) fail(quoted(digits), what);
  return value;
}

Time TextLine::time(std::string_view what, Time unit) {
  const std::string_view digits = word(what);
  const char* const end = digits.data() + digits.size();
  std::int64_t whole = 0;
  auto [stop, error] = std::from_chars(digits.data(), end, whole);
  if (stop == digits.data() || digits.front() == '-') fail(quoted(digits), what);
  if (error == std::errc::result_out_of_range || whole > longest_time / unit) {
    fail(quoted(digits), fmt::format("{}, at most 100 days", what));
  }
  Time value = whole * unit;
  if (stop != end && *stop == '.') {
    const char* const point = stop++;
    for (std::int64_t left = unit.count(); stop != end && *stop >= '0' && *stop <= '9'; ++stop) {
      if (left % 10 != 0) fail(quoted(digits), fmt::format("{}, no finer than a picosecond", what));
      left /= 10;
      value += Time{left * (*stop - '0')};
    }
    if (stop == point + 1) fail(quoted(digits), what);
  }
  if (stop != end) fail(quoted(digits), what);
  return value;
}

void TextLine::fail(std::string_view found, std::string_view expected, std::string_view nearest) const {
  throw InputError({.file = file_, .line = static_cast<int>(number_)}, fmt::format("found {}", found),
                   expected, nearest);
}

std::string TextLine::quoted(std::string_view text) {
  return fmt::format("\"{}\"", shortened(std::string(text)));
}

std::optional<std::string_view> TextLines::next() {
  if (number_ == static_cast<std::uint32_t>(std::numeric_limits<int>::max()))
    fail("more lines than can be counted", expected_);
  ++number_;
  input_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  const auto read = static_cast<std::size_t>(input_.gcount());
  if (input_.bad()) fail("an error of reading", expected_);
  if (read == 0) return {};
  if (input_.fail()) fail(fmt::format("a line of more than {} characters", longest), expected_);
  std::string_view text(buffer_.data(), input_.eof() ? read : read - 1);
  if (number_ == 1 && text.starts_with("\x1f\x8b"))
    fail("a compressed file", fmt::format("{}, unpacked", expected_));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

void TextLines::fail(std::string_view found, std::string_view expected) const {
  throw InputError({.file = name_, .line = static_cast<int>(number_)}, fmt::format("found {}", found),
                   expected);
}

}  // namespace xensim
