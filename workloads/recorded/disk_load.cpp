#include "workloads/recorded/disk_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "core/error.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

constexpr std::string_view expected = "an iolog of fio, the output of blkparse, or a run's trace of disks";

void put_in_order(std::vector<RecordedRequest>& requests) {
  const auto earlier = [](const RecordedRequest& a, const RecordedRequest& b) { return a.at < b.at; };
  if (!std::ranges::is_sorted(requests, earlier)) std::ranges::stable_sort(requests, earlier);
  const Time first = requests.front().at;
  for (RecordedRequest& request : requests) request.at -= first;
}

}  // namespace

bool take_request(RecordedDiskLoad& load, const RecordedDiskOptions& options,
                  const RecordedRequest& request) {
  if (options.most > 0 && load.requests.size() == options.most) return false;
  load.requests.push_back(request);
  return true;
}

RecordedDiskLoad read_disk_load(std::istream& input, const std::string& name,
                                const RecordedDiskOptions& options) {
  TextLines lines(input, name, expected);
  const std::optional<std::string_view> first = lines.next();
  if (!first) throw InputError({.file = name}, "an empty file", expected);
  const RecordedDiskSource source{
      .lines = lines, .name = name, .options = options, .first = std::string(*first)};
  const bool fio = source.first.starts_with("fio version");
  const bool csv = source.first.starts_with("complete_us");
  RecordedDiskLoad load = fio ? read_fio_iolog(source) : csv ? read_block_csv(source) : read_blkparse(source);
  if (load.requests.empty()) {
    const std::string of = options.device.empty() ? "" : fmt::format(" of device {}", options.device);
    throw InputError({.file = name}, fmt::format("no request{}", of), expected);
  }
  put_in_order(load.requests);
  return load;
}

RecordedDiskLoad read_disk_load(const std::string& path, const RecordedDiskOptions& options) {
  std::ifstream file(path);
  if (!file) throw InputError({.file = path}, "no such file, or one that cannot be read", expected);
  return read_disk_load(file, path, options);
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
                   {"files", load.files.empty() ? "none: a disk" : fmt::format("{}", load.files.size())},
                   {"ends at offset", fmt::format("{}", end)}};
  rows.push_back({"duration", load.has_times ? fmt::format("{:.6f} s", seconds) : "not recorded"});
  if (load.has_times && seconds > 0) {
    rows.push_back(
        {"rate", fmt::format("{:.3f} requests/s", static_cast<double>(load.requests.size()) / seconds)});
  }
  return rows;
}

}  // namespace xensim
