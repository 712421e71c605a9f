/// Recorded loads as text: lines of bounded length, one after another, and the words in them. Complaints name
/// file and line.
#pragma once

#include <charconv>
#include <cstdint>
#include <istream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace xensim {

/// One line, read from left to right. Views are into the text that it was made from.
class TextLine {
 public:
  /// `separator`: of words; a blank stands for any number of blanks and tabs.
  TextLine(std::string_view text, const std::string& file, std::uint32_t number, char separator = ' ')
      : text_(text), file_(file), number_(number), separator_(separator) {}

  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] bool at_end();
  /// Of the next word.
  [[nodiscard]] bool begins_with(char letter) { return !at_end() && text_.starts_with(letter); }
  /// Throws InputError at the line's end: `what` is missing. May be empty between other separators than
  /// blanks.
  std::string_view word(std::string_view what);

  // These read a word and throw InputError if it is something else.
  /// A decimal number from 0 to `most`.
  std::uint64_t number(std::string_view what, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  /// `12` or `12.345`, times `unit`: exact. At most 100 days, and no finer than a picosecond.
  Time time(std::string_view what, Time unit);

  [[noreturn]] void fail(std::string_view found, std::string_view expected,
                         std::string_view nearest = {}) const;
  /// In quotes, cut if it is long.
  [[nodiscard]] static std::string quoted(std::string_view text);

 private:
  std::string_view text_;
  const std::string& file_;
  std::uint32_t number_;
  char separator_;
  bool ended_ = false;
};

/// The lines of a text. Holds one of them: 64 KiB, whatever the size of the file.
class TextLines {
 public:
  /// `expected` says what the file should be. Both outlive this, as `name` does, by which messages call it.
  TextLines(std::istream& input, const std::string& name, std::string_view expected)
      : input_(input), name_(name), expected_(expected), buffer_(longest + 1) {}

  /// Without its end; valid until the next. Nothing at the end of the file. Throws InputError for a line that
  /// is too long, a compressed file, and errors of reading.
  std::optional<std::string_view> next();
  /// Of the last line, from 1.
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[noreturn]] void fail(std::string_view found, std::string_view expected) const;

  static constexpr std::size_t longest = 65535;

 private:
  std::istream& input_;
  const std::string& name_;
  std::string_view expected_;
  std::vector<char> buffer_;
  std::uint32_t number_ = 0;
};

}  // namespace xensim
