#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "workloads/recorded/disk_load.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;

constexpr std::uint32_t sector_size = 512;
constexpr std::uint64_t last_sector = std::uint64_t{1} << 53;
constexpr std::uint64_t most_sectors = 0xffffffff / sector_size;
constexpr std::uint64_t most_minor = (std::uint64_t{1} << 20) - 1;

/// blkparse(1), "Trace actions".
const std::array<std::string, 18> actions{"A", "B", "C", "D", "F", "G",  "I", "M", "P",
                                          "Q", "R", "S", "T", "U", "UT", "W", "X", "m"};

/// `8,0`. Throws InputError.
std::string_view device_of(TextLine& line) {
  constexpr std::string_view what = "a device: MAJOR,MINOR";
  const std::string_view device = line.word(what);
  std::string_view rest = device;
  for (const char end : {',', '\0'}) {
    const std::size_t length = end == ',' ? std::min(rest.find(','), rest.size()) : rest.size();
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + length, value);
    const bool complete = error == std::errc{} && stop == rest.data() + length && value <= most_minor;
    if (!complete || (end == ',' && length == rest.size())) line.fail(TextLine::quoted(device), what);
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  return device;
}

struct Manner {
  Kind kind = Kind::flush;
  bool transfers = false;  ///< has sectors
  bool flushes = false;
  bool synchronous = false;
};
/// rwbs: R read, W write, D discard, F flush (before a W) or past the cache (behind it), S synchronous, A
/// read ahead, M metadata, B barrier, E erase, N nothing.
Manner manner_of(std::string_view rwbs, const TextLine& line) {
  if (rwbs.empty() || rwbs.find_first_not_of("RWDFSAMBEN") != std::string_view::npos)
    line.fail("kind of request " + TextLine::quoted(rwbs), "letters R, W, D, F, S, A, M, B, E or N");
  const auto has = [&](char letter) { return rwbs.find(letter) != std::string_view::npos; };
  Manner manner{.synchronous = has('S')};
  manner.transfers = has('R') || has('W') || has('D') || has('E');
  manner.flushes = has('F');
  if (has('D') || has('E')) {
    manner.kind = Kind::discard;
  } else if (manner.transfers) {
    manner.kind = has('W') ? Kind::write : Kind::read;
  }
  return manner;
}

}  // namespace

RecordedDiskLoad read_blkparse(const RecordedDiskSource& source) {
  RecordedDiskLoad load;
  load.format = "blkparse";
  std::vector<std::string> met;  // other actions
  bool queued = false;
  std::optional<std::string_view> text = source.first;
  for (; text; text = source.lines.next()) {
    TextLine line(*text, source.name, source.lines.number());
    if (line.at_end() || text->starts_with("Input file ") || text->starts_with("Skipping ")) continue;
    if (text->starts_with("CPU") || text->starts_with("Total (")) break;  // the summary, up to the end
    const std::string_view device = device_of(line);
    (void)line.number("a processor", most_minor);
    (void)line.number("a sequence number");
    RecordedRequest request{.at = line.time("a time in seconds", 1s), .line = line.number()};
    (void)line.number("a process");
    const std::string_view action = line.word("an action");
    if (std::ranges::find(actions, action) == actions.end())
      line.fail("action " + TextLine::quoted(action), one_of(actions), nearest(action, actions));
    if (action != "Q") {
      if (action != "m" && std::ranges::find(met, action) == met.end()) met.emplace_back(action);
      continue;
    }
    queued = true;
    if (!wants_device(load, source.options, {device}, source.name, line.number())) continue;
    const Manner manner = manner_of(line.word("a kind of request such as R or WS"), line);
    if (!manner.transfers && !manner.flushes) {
      ++load.commands;
      continue;
    }
    const bool bare = manner.flushes && line.begins_with('[');  // a flush that came as an empty write
    request.kind = bare ? Kind::flush : manner.kind;
    if (manner.transfers && !bare) {
      request.offset = line.number("a sector", last_sector) * sector_size;
      if (line.begins_with('[') || line.begins_with('(')) {  // a number of bytes, then
        ++load.commands;
        continue;
      }
      constexpr std::string_view wanted = "+, as in the format that blkparse has by default";
      if (const std::string_view plus = line.word(wanted); plus != "+")
        line.fail(TextLine::quoted(plus), wanted);
      const std::uint64_t sectors = line.number("a number of sectors", most_sectors);
      if (sectors == 0) line.fail("0 sectors", "a number of sectors");
      request.bytes = static_cast<std::uint32_t>(sectors * sector_size);
    }
    if (!take_request(load, source.options, request)) break;
    if (manner.synchronous) ++load.synchronous;
  }
  if (!queued && !met.empty()) {
    throw InputError({.file = source.name}, fmt::format("found no action Q, only {}", fmt::join(met, " ")),
                     "requests that were queued: record with blktrace's action queue");
  }
  return load;
}

}  // namespace xensim
