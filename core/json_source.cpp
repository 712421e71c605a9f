#include "core/json_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/json.hpp"

namespace xensim {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::size_t largest = std::size_t{64} << 20;

Where place(std::string_view text, std::string file, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  return {.file = std::move(file),
          .line = static_cast<int>(line),
          .path = {},
          .column = static_cast<int>(before.size() - line_start + 1)};
}

/// The library's message without its own preamble, position and raw bytes.
std::string reason(std::string_view message) {
  if (const auto preamble = message.find("] "); preamble != std::string_view::npos) {
    message.remove_prefix(preamble + 2);
  }
  if (const auto column = message.find("column "); column != std::string_view::npos) {
    const auto colon = message.find(": ", column);
    if (colon != std::string_view::npos) message.remove_prefix(colon + 2);
  }
  const bool printable =
      std::all_of(message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!printable) message = message.substr(0, message.find("; last read"));
  return std::string(message);
}

/// Reads characters and shares how far it has come, so that each SAX event can ask where it is.
class SharedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  SharedIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  SharedIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const SharedIterator& other) const { return at_ == other.at_; }
  bool operator!=(const SharedIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

bool is_below(const std::string& path, const std::string& root) {
  return path.starts_with(root) &&
         (path.size() == root.size() || path[root.size()] == '.' || path[root.size()] == '[');
}

void forget(ConfigSource& source, const std::string& root) {
  const auto below = [&](const auto& entry) { return is_below(entry.first, root); };
  std::erase_if(source.lines, below);
  std::erase_if(source.changes, below);
}

/// Notes the line of each path: of its key in an object, of its start in an array.
class LineRecorder final : public Json::json_sax_t {
 public:
  LineRecorder(std::string_view text, ConfigSource& source, const MayRepeat& may_repeat)
      : text_(text), source_(source), may_repeat_(may_repeat), counted_(text.data()), reached_(text.data()) {}

  void run() {
    Json::sax_parse(SharedIterator(text_.data(), &reached_),
                    SharedIterator(text_.data() + text_.size(), &reached_), this);
  }

  bool null() override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool number_integer(number_integer_t) override { return number(); }
  bool number_unsigned(number_unsigned_t) override { return number(); }
  bool number_float(number_float_t, const string_t&) override { return number(); }
  bool string(string_t&) override { return scalar(); }
  bool binary(binary_t&) override { return scalar(); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    path_ = open_.back().path + "." + name;
    const int here = line(reached_);
    if (source_.lines.try_emplace(path_, here).second) return true;
    if (!may_repeat_ || !may_repeat_(path_)) {
      throw InputError({.file = source_.file, .line = here, .path = path_},
                       fmt::format("found key \"{}\" twice", name), "each key once");
    }
    forget(source_, path_);
    source_.lines[path_] = here;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    throw InputError(place(text_, source_.file, position == 0 ? 0 : position - 1),
                     fmt::format("found no valid JSON: {}", reason(error.what())));
  }

 private:
  struct Open {
    std::string path;
    bool array;
    std::size_t next;  ///< index in an array
  };

  /// The line at `end`; never asked for an earlier one again.
  int line(const char* end) {
    line_ += static_cast<int>(std::count(counted_, end, '\n'));
    counted_ = end;
    return line_;
  }

  /// A value starts: in an array, that is where its path is first known.
  bool begin(int line) {
    if (open_.empty()) path_ = "$";
    if (!open_.empty() && open_.back().array) {
      path_ = fmt::format("{}[{}]", open_.back().path, open_.back().next++);
    }
    source_.lines.try_emplace(path_, line);
    return true;
  }
  bool scalar() { return begin(line(reached_)); }
  /// The reader has looked at the character behind a number, which may be the end of its line.
  bool number() { return begin(line(reached_ - 1)); }
  bool open(bool array) {
    begin(line(reached_));
    if (open_.size() == deepest) {
      throw InputError({.file = source_.file, .line = line_, .path = {}}, "found too deep a nesting",
                       fmt::format("at most {} levels", deepest));
    }
    open_.push_back({path_, array, 0});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  ConfigSource& source_;
  const MayRepeat& may_repeat_;
  int line_ = 1;
  const char* counted_;  ///< line breaks before this are in line_
  const char* reached_;
  std::string path_;
  std::vector<Open> open_;
};

template <class T>
void copy_below(std::unordered_map<std::string, T>& places, const std::string& from, const std::string& to) {
  std::vector<std::pair<std::string, T>> copies;
  for (const auto& [path, place] : places) {
    if (is_below(path, from)) copies.emplace_back(to + path.substr(from.size()), place);
  }
  places.insert(copies.begin(), copies.end());
}

}  // namespace

SourcedJson parse_json(std::string_view text, std::string file, const MayRepeat& may_repeat) {
  const auto source = std::make_shared<ConfigSource>();
  source->file = std::move(file);
  LineRecorder(text, *source, may_repeat).run();
  return {Json::parse(text), source};
}

std::string read_json_text(const std::filesystem::path& path) {
  const Where where{.file = path.string(), .line = 0, .path = {}};
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw InputError(where, "found no such file");
  if (std::filesystem::is_directory(status)) throw InputError(where, "found a directory", "a JSON file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw InputError(where, "found a file that cannot be opened", "a readable JSON file");
  // In pieces: the file may be a pipe, whose size nobody knows.
  std::string text;
  for (std::array<char, 1 << 16> piece{}; stream.read(piece.data(), piece.size()), stream.gcount() > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > largest) throw InputError(where, "found a file of more than 64 MiB", "a smaller one");
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw InputError(where, "found an empty file", "a JSON object");
  }
  return text;
}

SourcedJson read_json(const std::filesystem::path& path) {
  return parse_json(read_json_text(path), path.string());
}

void note_change(ConfigSource& source, const std::string& path, std::string change) {
  forget(source, path);
  source.changes[path] = std::move(change);
}

void move_lines(ConfigSource& source, const std::string& from, const std::string& to) {
  std::string change = source.change_of(from);
  forget(source, to);
  copy_below(source.lines, from, to);
  copy_below(source.changes, from, to);
  if (!change.empty()) source.changes[to] = std::move(change);
}

}  // namespace xensim
