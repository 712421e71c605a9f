#include <algorithm>
#include <array>
#include <map>

#include "core/error.hpp"
#include "workloads/recorded/disk_load.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;

constexpr std::size_t most_files = 1000;  // that a process may have open, and some more
constexpr std::size_t longest_path = 4095;
constexpr std::uint64_t largest_offset = std::uint64_t{1} << 62;
constexpr std::uint64_t largest_request = 0xffffffff;

const std::array<std::string, 9> actions{"add",  "open",     "close", "read", "write",
                                         "sync", "datasync", "trim",  "wait"};

/// The names in a log, and which are open where the reader is.
class Files {
 public:
  explicit Files(std::vector<std::string>& paths) : paths_(paths) {}

  void add(std::string_view name, const TextLine& line) {
    if (files_.contains(name)) return;
    if (files_.size() == most_files) line.fail("more than 1000 names", "names that one process can open");
    files_.emplace(name, File{number_of(path_of(name, line))});
  }
  void open(std::string_view name, bool now, const TextLine& line) { known(name, line).open = now; }
  std::uint16_t opened(std::string_view name, const TextLine& line) {
    const File& file = known(name, line);
    if (!file.open) line.fail("file " + TextLine::quoted(name), "one that a line above opens");
    return file.number;
  }

 private:
  struct File {
    std::uint16_t number = 0;
    bool open = false;
  };
  File& known(std::string_view name, const TextLine& line) {
    const auto found = files_.find(name);
    if (found == files_.end()) line.fail("file " + TextLine::quoted(name), "one that a line above adds");
    return found->second;
  }
  /// As a kernel names it: from the root on.
  static std::string path_of(std::string_view name, const TextLine& line) {
    std::string_view rest = name;
    while (rest.starts_with("./")) rest.remove_prefix(2);
    std::string path(rest.starts_with('/') ? "" : "/");
    path += rest;
    const std::string framed = path + '/';
    const bool strange = framed.find("//") != std::string::npos || framed.find("/./") != std::string::npos ||
                         framed.find("/../") != std::string::npos;
    if (strange || path.size() > longest_path)
      line.fail("file name " + TextLine::quoted(name),
                "a path of at most 4095 bytes, without empty parts, . and ..");
    return path;
  }
  std::uint16_t number_of(std::string path) {
    const auto number = static_cast<std::uint16_t>(std::ranges::find(paths_, path) - paths_.begin());
    if (number == paths_.size()) paths_.push_back(std::move(path));
    return number;
  }

  std::vector<std::string>& paths_;
  std::map<std::string, File, std::less<>> files_;
};

int version_of(const RecordedDiskSource& source) {
  if (source.first == "fio version 2 iolog") return 2;
  if (source.first == "fio version 3 iolog") return 3;
  source.lines.fail(TextLine::quoted(source.first), "\"fio version 2 iolog\" or \"fio version 3 iolog\"");
}

/// Reads the numbers of an action that transfers.
RecordedRequest transfer(Kind kind, TextLine& line) {
  RecordedRequest request{.kind = kind};
  request.offset = line.number("an offset in bytes", largest_offset);
  request.bytes = static_cast<std::uint32_t>(line.number("a length in bytes", largest_request));
  if (request.bytes == 0) line.fail("a length of 0", "a length in bytes");
  return request;
}

}  // namespace

RecordedDiskLoad read_fio_iolog(const RecordedDiskSource& source) {
  const int version = version_of(source);
  RecordedDiskLoad load;
  load.format = version == 2 ? "fio iolog, version 2" : "fio iolog, version 3";
  load.has_times = version == 3;
  Files files(load.files);
  Time now{};
  while (const std::optional<std::string_view> text = source.lines.next()) {
    TextLine line(*text, source.name, source.lines.number());
    if (line.at_end()) continue;
    if (version == 3) now = line.time("a time since the start", source.options.unit);
    const std::string_view name = line.word("a file name");
    const std::string_view action = line.word("an action");
    RecordedRequest request;
    if (action == "add") {
      files.add(name, line);
    } else if (action == "open" || action == "close") {
      files.open(name, action == "open", line);
    } else if (action == "wait" && version == 2) {
      const Time wait = line.time("a time to wait", source.options.unit);
      if (wait > never - now) line.fail("waits of more than 106 days in all", "a shorter load");
      now += wait;
      load.has_times = true;
      if (!line.at_end()) (void)line.number("a length, of no consequence");
    } else if (action == "sync" || action == "datasync") {
      request.kind = Kind::flush;
      while (!line.at_end()) (void)line.number("a number, of no consequence");
    } else if (action == "read" || action == "write" || action == "trim") {
      request = transfer(action == "read"    ? Kind::read
                         : action == "write" ? Kind::write
                                             : Kind::discard,
                         line);
    } else if (action == "wait") {
      line.fail("a wait", "no such line in version 3, whose lines have times");
    } else {
      line.fail("action " + TextLine::quoted(action), one_of(actions) + " (names have no blanks)",
                nearest(action, actions));
    }
    if (!line.at_end())
      line.fail(TextLine::quoted(line.word("")) + " behind the last number", "the end of the line");
    if (request.bytes == 0 && request.kind != Kind::flush) continue;
    request.file = files.opened(name, line);
    request.at = now;
    request.line = line.number();
    if (!take_request(load, source.options, request)) break;
  }
  return load;
}

}  // namespace xensim
