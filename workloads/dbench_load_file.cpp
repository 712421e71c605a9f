#include "workloads/dbench_load_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "core/config.hpp"
#include "core/error.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

using Kind = DbenchOperation::Kind;

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", shortened(std::string(text))); }

/// One line, read from left to right.
class Line {
 public:
  Line(std::string_view text, const std::string& file, std::uint32_t number)
      : text_(text), file_(file), number_(number) {}

  [[noreturn]] void fail(std::string_view found, std::string_view expected,
                         std::string_view nearest_name = {}) const {
    throw InputError({.file = file_, .line = static_cast<int>(number_)}, fmt::format("found {}", found),
                     expected, nearest_name);
  }
  [[nodiscard]] bool at_end() {
    skip_blanks();
    return text_.empty();
  }
  std::string_view word(std::string_view what) {
    skip_blanks();
    const std::string_view found = text_.substr(0, text_.find_first_of(" \t\r"));
    if (found.empty()) fail("the end of the line", what);
    text_.remove_prefix(found.size());
    return found;
  }
  std::string_view quoted() {
    skip_blanks();
    const std::size_t end = text_.find('"', 1);
    if (text_.empty() || text_.front() != '"' || end == std::string_view::npos) {
      fail(in_quotes(text_), "a path in double quotes");
    }
    const std::string_view path = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return path;
  }
  template <class Number = std::uint32_t>
  Number number(std::string_view what) {
    const std::string_view digits = word(what);
    const bool hexadecimal = digits.starts_with("0x");
    Number value{};
    const char* const begin = digits.data() + (hexadecimal ? 2 : 0);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(begin, end, value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || stop != end) fail(in_quotes(digits), what);
    return value;
  }
  /// Up to the end of the line.
  bool status() {
    const std::string_view status = word("a status: NT_STATUS_OK, or NT_STATUS_ and an error");
    const bool ok = status == "NT_STATUS_OK" || status == "SUCCESS" || status == "0x00000000";
    if (!ok && !status.starts_with("NT_STATUS_") && !status.starts_with("ERR") && !status.starts_with("0x")) {
      fail(in_quotes(status), "a status: NT_STATUS_OK, or NT_STATUS_ and an error", "NT_STATUS_OK");
    }
    if (!at_end()) fail(in_quotes(text_) + " behind the status", "the end of the line");
    return ok;
  }

 private:
  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r"), text_.size())); }

  std::string_view text_;
  const std::string& file_;
  std::uint32_t number_;
};

Kind kind_of(std::string_view name, const Line& line) {
  const auto found = std::ranges::find(dbench_names, name, &DbenchName::in_file);
  if (found != dbench_names.end()) return static_cast<Kind>(found - dbench_names.begin());
  if (name.starts_with("SMB")) {
    line.fail(fmt::format("operation \"{}\" of dbench 1", name), "a load file of dbench 3 or 4");
  }
  std::vector<std::string> names;
  for (const DbenchName& known : dbench_names) names.emplace_back(known.in_file);
  line.fail("operation " + in_quotes(name), one_of(names), nearest(name, names));
}

/// What stands behind an operation's name.
enum class Field : std::uint8_t {
  none,
  path,
  new_path,
  options,
  disposition,
  handle,
  offset,
  bytes,
  moved,
  mask,  ///< this and the following are of no consequence
  level,
  maximum,
  entries,
};
/// What becomes of its handle.
enum class HandleUse : std::uint8_t { none, opened, used, closed };
struct Form {
  std::array<Field, 4> fields{};
  HandleUse handle = HandleUse::none;
};
/// In the order of DbenchOperation::Kind.
constexpr std::array<Form, DbenchOperation::kinds> forms = [] {
  using enum Field;
  constexpr std::array transfer{handle, offset, bytes, moved}, range{handle, offset, bytes, none};
  return std::array<Form, DbenchOperation::kinds>{{
      {{path, options, disposition, handle}, HandleUse::opened},
      {{handle}, HandleUse::closed},
      {transfer, HandleUse::used},
      {transfer, HandleUse::used},
      {{handle}, HandleUse::used},
      {{path, mask}},
      {{path, new_path}},
      {{path}},
      {{path}},
      {{path}},
      {{path, level}},
      {{handle, level}, HandleUse::used},
      {{level}},
      {{handle, level}, HandleUse::used},
      {{path, level, maximum, entries}},
      {range, HandleUse::used},
      {range, HandleUse::used},
  }};
}();

/// Which handles are open where the reader is.
class Handles {
 public:
  /// Throws InputError if the operation succeeded with a handle that is not open.
  void follow(HandleUse use, const DbenchOperation& operation, const Line& line) {
    if (use == HandleUse::opened && operation.succeeds) open_.insert(operation.handle);
    if (use != HandleUse::used && use != HandleUse::closed) return;
    if (operation.succeeds && !open_.contains(operation.handle)) {
      line.fail(fmt::format("handle {}", operation.handle), "one that an NTCreateX above has opened");
    }
    if (use == HandleUse::closed) open_.erase(operation.handle);
  }

 private:
  std::set<std::uint32_t> open_;
};

/// The path with slashes: "/clients/client1/...".
std::string unix_path(std::string_view path) {
  const bool absolute = !path.empty() && path.front() == '\\';
  std::string result = fmt::format("{}{}", absolute ? "" : "/", path);
  std::ranges::replace(result, '\\', '/');
  return result;
}

/// Numbers paths in the order in which they first come.
class Paths {
 public:
  explicit Paths(std::vector<std::string>& paths) : paths_(paths) {}

  [[nodiscard]] std::uint32_t number(std::string_view written) {
    const auto known = numbers_.find(written);
    if (known != numbers_.end()) return known->second;
    const auto number = static_cast<std::uint32_t>(paths_.size());
    paths_.push_back(unix_path(written));
    numbers_.emplace(written, number);
    return number;
  }

 private:
  std::vector<std::string>& paths_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

void read_field(Field field, Line& line, Paths& paths, DbenchOperation& operation) {
  switch (field) {
    case Field::none:
      return;
    case Field::path:
      operation.path = paths.number(line.quoted());
      return;
    case Field::new_path:
      operation.other = paths.number(line.quoted());
      return;
    case Field::options:
      operation.options = line.number("create options");
      return;
    case Field::disposition:
      operation.disposition = line.number("a disposition");
      return;
    case Field::handle:
      operation.handle = line.number("a handle");
      return;
    case Field::offset:
      operation.offset = line.number<std::uint64_t>("an offset");
      return;
    case Field::bytes:
      operation.bytes = line.number("a number of bytes");
      return;
    case Field::moved:
      operation.moved = line.number("a number of bytes moved");
      return;
    case Field::mask:
      (void)line.number("a mask of attributes");
      return;
    case Field::level:
      (void)line.number("a level");
      return;
    case Field::maximum:
      (void)line.number("a maximum");
      return;
    case Field::entries:
      (void)line.number("a number of entries");
      return;
  }
}

}  // namespace

DbenchLoadFile::DbenchLoadFile(std::istream& input, const std::string& name, std::uint64_t most) {
  Paths paths(paths_);
  Handles handles;
  TextLines lines(input, name, "a load file of dbench");
  while (const std::optional<std::string_view> text = lines.next()) {
    Line line(*text, name, lines.number());
    if (line.at_end() || text->front() == '#') continue;
    if (most > 0 && operations_.size() == most) break;
    DbenchOperation operation{.line = lines.number()};
    operation.kind = kind_of(line.word("an operation"), line);
    const Form& form = forms[static_cast<std::size_t>(operation.kind)];
    for (const Field field : form.fields) read_field(field, line, paths, operation);
    operation.succeeds = line.status();
    handles.follow(form.handle, operation, line);
    operations_.push_back(operation);
  }
  if (operations_.empty()) throw InputError({.file = name}, "no operation", "a load file of dbench");
}

DbenchLoadFile DbenchLoadFile::read(const std::string& path, std::uint64_t most) {
  std::ifstream file(path);
  if (!file) {
    throw InputError({.file = path}, "no such file", "a load file of dbench; Debian's package dbench has one",
                     "/usr/share/dbench/client.txt");
  }
  return {file, path, most};
}

std::vector<std::string> DbenchLoadFile::paths(std::uint32_t client) const {
  constexpr std::string_view recorded = "/client1";
  std::vector<std::string> all = paths_;
  for (std::string& path : all) {
    const std::size_t at = path.find(recorded);
    const std::size_t end = at + recorded.size();
    if (at == std::string::npos || (end < path.size() && path[end] != '/')) continue;
    path.replace(at, recorded.size(), fmt::format("/client{}", client));
  }
  return all;
}

}  // namespace xensim
