#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>

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

const std::array<std::string, 10> actions{"add",  "open",     "close",           "read", "write",
                                          "sync", "datasync", "sync_file_range", "trim", "wait"};

/// The names in a log, and which are open where the reader is.
class Files {
 public:
  Files(RecordedDiskLoad& load, const std::string& wanted) : load_(load), wanted_(wanted) {}

  void add(std::string_view name, const TextLine& line) {
    if (files_.contains(name)) return;
    if (files_.size() == most_files) line.fail("more than 1000 names", "names that one process can open");
    std::string path = path_of(name, line);
    File& file = files_.emplace(name, File{}).first->second;
    if (wanted_.empty() || name == wanted_ || path == wanted_) {
      file.number = number_of(std::move(path));
    } else {
      note_other_device(load_, path);
    }
  }
  void open(std::string_view name, bool now, const TextLine& line) { known(name, line).open = now; }
  /// Of an open file; none if it is not wanted.
  std::optional<std::uint16_t> opened(std::string_view name, const TextLine& line) {
    const File& file = known(name, line);
    if (!file.open) line.fail("file " + TextLine::quoted(name), "one that a line above opens");
    return file.number;
  }

 private:
  struct File {
    std::optional<std::uint16_t> number{};
    bool open = false;
  };
  File& known(std::string_view name, const TextLine& line) {
    const auto found = files_.find(name);
    if (found == files_.end()) line.fail("file " + TextLine::quoted(name), "one that a line above adds");
    return found->second;
  }
  /// As a kernel without links would find it, from the root on: fio puts a directory and a name together as
  /// it was given them.
  static std::string path_of(std::string_view name, const TextLine& line) {
    std::string path = (std::filesystem::path("/") / name).lexically_normal().string();
    if (path.ends_with('/') || path.size() > longest_path)
      line.fail("file name " + TextLine::quoted(name), "a file's path of at most 4095 bytes");
    return path;
  }
  std::uint16_t number_of(std::string path) {
    std::vector<std::string>& paths = load_.files;
    const auto number = static_cast<std::uint16_t>(std::ranges::find(paths, path) - paths.begin());
    if (number == paths.size()) paths.push_back(std::move(path));
    return number;
  }

  RecordedDiskLoad& load_;
  const std::string& wanted_;
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
  Files files(load, source.options.device);
  Time now{};
  while (const std::optional<std::string_view> text = source.lines.next()) {
    TextLine line(*text, source.name, source.lines.number());
    if (line.at_end()) continue;
    if (text->find("fio version ") != std::string_view::npos) {
      line.fail("the beginning of another log",
                "one log: fio appends to a file that is there already, and each job needs a file of its own");
    }
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
    } else if (action == "sync" || action == "datasync" || action == "sync_file_range") {
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
    const std::optional<std::uint16_t> file = files.opened(name, line);
    if (!file) continue;
    request.file = *file;
    request.at = now;
    request.line = line.number();
    if (!take_request(load, source.options, request)) break;
  }
  return load;
}

}  // namespace xensim
