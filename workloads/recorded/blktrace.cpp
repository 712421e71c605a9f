#include "workloads/recorded/blktrace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/error.hpp"
#include "workloads/recorded/binary_input.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;

constexpr std::uint32_t blktrace_magic = 0x65617407;  // the lowest byte is the version
constexpr std::size_t record_bytes = 48;
constexpr std::uint32_t queued_action = 1;
/// What a request is: the upper half of a record's action.
struct Category {
  static constexpr std::uint32_t read = 1U << 0, write = 1U << 1, flush = 1U << 2, synchronous = 1U << 3,
                                 command = 1U << 9, notice = 1U << 10, discard = 1U << 13;
};
constexpr std::uint64_t farthest_sector = std::uint64_t{1} << 53;
constexpr std::uint64_t farthest_ns = std::uint64_t{50} * 24 * 3600 * 1'000'000'000;

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool BlktraceReader::recognises(std::string_view beginning) {
  constexpr std::string_view lowest_first = "\x07tae", highest_first = "eat\x07";
  return beginning.starts_with(lowest_first) || beginning.starts_with(highest_first);
}

void BlktraceReader::read(std::istream& stream, const std::string& name, const RecordedDiskOptions& options) {
  BinaryInput input(stream, name, "blkparse prints the records that are whole");
  std::array<char, record_bytes> bytes{};
  std::string device;
  std::uint32_t number = 0;
  while (input.read(bytes, "a record")) {
    if (input.word(bytes, 0) != blktrace_magic) input.set_swapping(!input.swaps());
    if (const std::uint32_t magic = input.word(bytes, 0); magic != blktrace_magic)
      input.fail(fmt::format("a record that begins with {:#010x}", magic), "0x65617407, as of blktrace");
    ++records_;
    input.skip(input.half(bytes, 46), "a record");
    const std::uint32_t action = input.word(bytes, 28) & 0xffffU, category = input.word(bytes, 28) >> 16;
    if (action != queued_action || (category & Category::notice) != 0) continue;
    if (const std::uint32_t found = input.word(bytes, 36); device.empty() || found != number) {
      number = found;
      device = fmt::format("{},{}", number >> 20, number & 0xfffffU);
    }
    if (!wants_device(load_, options, {device}, name, records_)) continue;
    const std::uint32_t length = input.word(bytes, 24);
    const bool transfers =
        (category & (Category::read | Category::write | Category::discard)) != 0 && length > 0;
    if ((category & Category::command) != 0 || (!transfers && (category & Category::flush) == 0)) {
      ++load_.commands;
      continue;
    }
    const std::uint64_t stamp = input.pair(bytes, 8), sector = input.pair(bytes, 16);
    first_ = first_.value_or(stamp);
    const std::uint64_t distance = std::max(stamp, *first_) - std::min(stamp, *first_);
    if (distance > farthest_ns)
      input.fail(fmt::format("a request {} ns from the first", distance), "one within 50 days");
    RecordedRequest request{
        .at = static_cast<std::int64_t>(stamp - *first_) * Time{1ns}, .line = records_, .kind = Kind::flush};
    if (transfers) {
      if (sector > farthest_sector) input.fail(fmt::format("sector {}", sector), "2^53 at most");
      request.offset = sector * 512;
      request.bytes = length;
      request.kind = (category & Category::discard) != 0 ? Kind::discard
                     : (category & Category::write) != 0 ? Kind::write
                                                         : Kind::read;
    }
    load_.requests.push_back(request);
    if ((category & Category::synchronous) != 0) ++load_.synchronous;
  }
}

std::vector<std::string> blktrace_files(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr std::string_view middle = ".blktrace.";
  const std::size_t at = path.rfind(middle);
  if (at == std::string::npos || !is_number(std::string_view(path).substr(at + middle.size()))) return {path};
  const std::string beginning = fs::path(path.substr(0, at + middle.size())).filename().string();
  const fs::path folder = fs::path(path).parent_path();
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, none)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(beginning) && is_number(std::string_view(file).substr(beginning.size())))
      files.push_back((folder / file).string());
  }
  std::ranges::sort(files, {}, [](const std::string& file) { return std::pair(file.size(), file); });
  return files.empty() ? std::vector{path} : files;
}

}  // namespace xensim
