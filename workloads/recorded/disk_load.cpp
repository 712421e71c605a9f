#include "workloads/recorded/disk_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "core/config.hpp"
#include "core/error.hpp"
#include "workloads/recorded/blktrace.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

constexpr std::string_view expected =
    "an iolog of fio, the output of blkparse, a file of blktrace, or a run's trace of disks";

void put_in_order(std::vector<RecordedRequest>& requests) {
  const auto earlier = [](const RecordedRequest& a, const RecordedRequest& b) { return a.at < b.at; };
  if (!std::ranges::is_sorted(requests, earlier)) std::ranges::stable_sort(requests, earlier);
  const Time first = requests.front().at;
  for (RecordedRequest& request : requests) request.at -= first;
}

/// How many, and the first of them.
std::string some_of(const std::vector<std::string>& files) {
  constexpr std::size_t most = 8;
  const auto first = files.begin();
  const auto end = first + static_cast<std::ptrdiff_t>(std::min(most, files.size()));
  return fmt::format("{}: {}{}", files.size(), fmt::join(first, end, " "), end == files.end() ? "" : " ...");
}

/// `8,0 `, with blanks before it.
bool begins_with_device(std::string_view text) {
  constexpr std::string_view digits = "0123456789";
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::size_t comma = std::min(text.find_first_not_of(digits), text.size());
  if (comma == 0 || !text.substr(comma).starts_with(',')) return false;
  text.remove_prefix(comma + 1);
  const std::size_t end = text.find_first_not_of(digits);
  return end != std::string_view::npos && end > 0 && text[end] == ' ';
}

RecordedDiskLoad complete(RecordedDiskLoad load, const std::string& name,
                          const RecordedDiskOptions& options) {
  if (load.requests.empty()) {
    const bool other = !load.others.empty() && load.devices.empty() && load.files.empty();
    if (!other) throw InputError({.file = name}, "found no request", expected);
    throw InputError({.file = name}, fmt::format("found no request of device {}", shortened(options.device)),
                     one_of(load.others), nearest(options.device, load.others));
  }
  put_in_order(load.requests);
  if (options.most > 0 && load.requests.size() > options.most)
    load.requests.erase(load.requests.begin() + static_cast<std::ptrdiff_t>(options.most),
                        load.requests.end());
  return load;
}

}  // namespace

bool is_disk_load(std::string_view beginning) {
  return BlktraceReader::recognises(beginning) || beginning.starts_with("fio version") ||
         beginning.starts_with("complete_us,") || beginning.starts_with("Input file ") ||
         begins_with_device(beginning);
}

bool wants_device(RecordedDiskLoad& load, const RecordedDiskOptions& options,
                  std::initializer_list<std::string_view> names, const std::string& file,
                  std::uint32_t line) {
  const std::string_view name = *names.begin();
  if (!options.device.empty() && std::ranges::find(names, options.device) == names.end()) {
    for (const std::string_view other : names) note_other_device(load, other);
    return false;
  }
  if (std::ranges::find(load.devices, name) != load.devices.end()) return true;
  if (!load.devices.empty() && !options.all_devices) {
    throw InputError({.file = file, .line = static_cast<int>(line)},
                     fmt::format("found requests of devices {} and {}", load.devices.front(), name),
                     "the parameter device: one of them");
  }
  load.devices.emplace_back(name);
  return true;
}

void note_other_device(RecordedDiskLoad& load, std::string_view name) {
  constexpr std::size_t most = 16;
  if (load.others.size() < most && std::ranges::find(load.others, name) == load.others.end())
    load.others.emplace_back(name);
}

bool take_request(RecordedDiskLoad& load, const RecordedDiskOptions& options,
                  const RecordedRequest& request) {
  if (options.most > 0 && load.requests.size() == options.most) return false;
  load.requests.push_back(request);
  return true;
}

RecordedDiskLoad read_disk_load(std::istream& input, const std::string& name,
                                const RecordedDiskOptions& options) {
  if (BlktraceReader::may_begin_with(input.peek())) {
    BlktraceReader reader;
    reader.read(input, name, options);
    return complete(reader.take(), name, options);
  }
  TextLines lines(input, name, expected);
  const std::optional<std::string_view> first = lines.next();
  if (!first) throw InputError({.file = name}, "found an empty file", expected);
  const RecordedDiskSource source{
      .lines = lines, .name = name, .options = options, .first = std::string(*first)};
  if (!is_disk_load(source.first)) lines.fail(TextLine::quoted(source.first), expected);
  const bool fio = source.first.starts_with("fio version");
  const bool csv = source.first.starts_with("complete_us");
  return complete(fio   ? read_fio_iolog(source)
                  : csv ? read_block_csv(source)
                        : read_blkparse(source),
                  name, options);
}

RecordedDiskLoad read_disk_load(const std::string& path, const RecordedDiskOptions& options) {
  const auto open = [](const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    if (!file) throw InputError({.file = name}, "found no such file, or one that cannot be read", expected);
    return file;
  };
  const std::vector<std::string> files = blktrace_files(path);
  if (files.size() == 1) {
    std::ifstream file = open(files.front());
    return read_disk_load(file, files.front(), options);
  }
  BlktraceReader reader;
  for (const std::string& name : files) {
    std::ifstream file = open(name);
    reader.read(file, name, options);
  }
  return complete(reader.take(), path, options);
}

Description describe(const RecordedDiskLoad& load) {
  std::uint64_t counts[RecordedRequest::kinds]{}, bytes[RecordedRequest::kinds]{}, end = 0;
  std::uint32_t largest = 0;
  for (const RecordedRequest& request : load.requests) {
    const auto kind = static_cast<std::size_t>(request.kind);
    ++counts[kind];
    bytes[kind] += request.bytes;
    largest = std::max(largest, request.bytes);
    end = std::max(end, request.offset + request.bytes);
  }
  const double seconds = to_seconds(load.requests.empty() ? Time{} : load.requests.back().at);
  Description rows{{"format", std::string(load.format)},
                   {"requests", fmt::format("{}", load.requests.size())},
                   {"reads", fmt::format("{}", counts[0])},
                   {"writes", fmt::format("{}", counts[1])},
                   {"flushes", fmt::format("{}", counts[2])},
                   {"discards", fmt::format("{}", counts[3])},
                   {"synchronous", fmt::format("{}", load.synchronous)},
                   {"bytes read", fmt::format("{}", bytes[0])},
                   {"bytes written", fmt::format("{}", bytes[1])},
                   {"largest request", fmt::format("{} bytes", largest)},
                   {"files", load.files.empty() ? "none: a disk" : some_of(load.files)},
                   {"ends at offset", fmt::format("{}", end)}};
  if (load.commands > 0) rows.push_back({"commands", fmt::format("{}, left out", load.commands)});
  if (!load.devices.empty()) rows.push_back({"devices", fmt::format("{}", fmt::join(load.devices, " "))});
  rows.push_back({"duration", load.has_times ? fmt::format("{:.6f} s", seconds) : "not recorded"});
  if (load.has_times && seconds > 0) {
    rows.push_back(
        {"rate", fmt::format("{:.3f} requests/s", static_cast<double>(load.requests.size()) / seconds)});
  }
  return rows;
}

}  // namespace xensim
