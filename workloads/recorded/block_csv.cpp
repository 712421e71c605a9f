#include <fmt/format.h>

#include "workloads/recorded/disk_load.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;

constexpr std::uint32_t sector_size = 512;
constexpr std::uint64_t last_sector = std::uint64_t{1} << 53;
constexpr std::uint64_t most_sectors = 0xffffffff / sector_size;

}  // namespace

RecordedDiskLoad read_block_csv(const RecordedDiskSource& source) {
  if (source.first != block_csv_header) {
    source.lines.fail(TextLine::quoted(source.first), fmt::format("the line \"{}\"", block_csv_header));
  }
  RecordedDiskLoad load;
  load.format = "trace of disks";
  while (const std::optional<std::string_view> text = source.lines.next()) {
    if (text->empty()) continue;
    TextLine line(*text, source.name, source.lines.number(), ',');
    const Time complete = line.time("when it was complete, in microseconds", 1us);
    const std::string_view domain = line.word("a domain, or nothing");
    if (domain.find_first_not_of("0123456789") != std::string_view::npos)
      line.fail(TextLine::quoted(domain), "a domain's number, or nothing");
    const std::string disk = fmt::format("{}", line.number("a disk", 255));
    const std::string_view operation = line.word("read or write");
    if (operation != "read" && operation != "write")
      line.fail("operation " + TextLine::quoted(operation), "read or write");
    RecordedRequest request{.line = line.number(), .kind = operation == "read" ? Kind::read : Kind::write};
    request.offset = line.number("a sector", last_sector) * sector_size;
    const std::uint64_t sectors = line.number("a number of sectors", most_sectors);
    if (sectors == 0) line.fail("0 sectors", "a number of sectors");
    request.bytes = static_cast<std::uint32_t>(sectors * sector_size);
    const Time queued = line.time("how long it waited, in microseconds", 1us);
    const Time service = line.time("how long it took, in microseconds", 1us);
    if (!line.at_end()) line.fail(TextLine::quoted(line.word("")) + " behind it", "the end of the line");
    if (queued > complete || service > complete - queued)
      line.fail("a request that came before the beginning", "times that add up to less than its completion");
    request.at = complete - service - queued;
    if (!wants_device(load, source.options, {disk, fmt::format("{},{}", domain, disk)}, source.name,
                      line.number()))
      continue;
    if (!take_request(load, source.options, request)) break;
  }
  return load;
}

}  // namespace xensim
