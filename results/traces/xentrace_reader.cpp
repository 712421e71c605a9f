#include "results/traces/xentrace_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t window_header = 0x2001f003;
constexpr std::uint32_t stamped = 1U << 31;
constexpr std::uint32_t event_bits = 0x0fffffff;
constexpr std::uint32_t change_event = 0x00021001, change_states = 0xff0;
constexpr std::uint32_t lost_event = 0x0001f001;
constexpr std::uint64_t window_header_bytes = 12, longest_record = 40, piece_bytes = 1 << 15;

std::uint32_t word_at(std::string_view text, std::size_t offset) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    word |= std::uint32_t{static_cast<unsigned char>(text[offset + i])} << (8 * i);
  }
  return word;
}

}  // namespace

XentraceReader::XentraceReader(std::istream& input, const std::string& name)
    : input_(input), name_(name), cpus_(most_cpus) {
  find_windows();
  for (std::uint32_t i = 0; i < most_cpus; ++i) {
    Cpu& cpu = cpus_[i];
    if (!cpu.windows.empty()) cpu.at = cpu.windows.front().begin;
    if (advance(cpu)) turns_.emplace(cpu.change.cycle, i);
  }
}

bool XentraceReader::recognises(std::string_view beginning) {
  return beginning.size() >= 4 && word_at(beginning, 0) == window_header;
}

void XentraceReader::fail(std::uint64_t offset, std::string_view found, std::string_view expected) const {
  throw InputError({.file = name_}, fmt::format("byte {}: found {}", offset, found), expected);
}

std::uint32_t XentraceReader::cpus() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(cpus_, [](const Cpu& cpu) { return !cpu.windows.empty(); }));
}

void XentraceReader::find_windows() {
  input_.seekg(0, std::ios::end);
  const auto end = static_cast<std::int64_t>(input_.tellg());
  if (!input_ || end < 0) fail(0, "what cannot be read from any place", "a regular file of xentrace");
  bytes_ = static_cast<std::uint64_t>(end);
  if (bytes_ == 0) fail(0, "an empty file", "a file of xentrace");
  std::string header(window_header_bytes, '\0');
  for (std::uint64_t at = 0; at < bytes_;) {
    if (bytes_ - at < window_header_bytes) fail(at, "the end of the file", "a window of 12 bytes at least");
    input_.seekg(static_cast<std::streamoff>(at));
    input_.read(header.data(), static_cast<std::streamsize>(header.size()));
    if (!input_) fail(at, "an error of reading", "a file of xentrace");
    if (const std::uint32_t word = word_at(header, 0); word != window_header) {
      fail(at, fmt::format("{:#010x}", word),
           fmt::format("{:#010x}, with which a window begins", window_header));
    }
    const std::uint32_t number = word_at(header, 4), size = word_at(header, 8);
    if (number >= most_cpus) {
      fail(at + 4, fmt::format("processor {}", number), fmt::format("one below {}", most_cpus));
    }
    at += window_header_bytes;
    if (size > bytes_ - at) {
      fail(at - 4, fmt::format("a window of {} bytes", size),
           fmt::format("at most {}, which are left of the file", bytes_ - at));
    }
    if (size > 0) cpus_[number].windows.push_back({at, at + size});
    at += size;
    ++windows_;
  }
}

std::string_view XentraceReader::piece(Cpu& cpu, std::uint64_t offset, std::uint64_t end) {
  const std::uint64_t wanted = std::min(end - offset, longest_record);
  if (offset < cpu.buffered || offset + wanted > cpu.buffered + cpu.buffer.size()) {
    cpu.buffer.resize(std::min(end - offset, piece_bytes));
    cpu.buffered = offset;
    input_.seekg(static_cast<std::streamoff>(offset));
    input_.read(cpu.buffer.data(), static_cast<std::streamsize>(cpu.buffer.size()));
    if (!input_) fail(offset, "an error of reading", "a file of xentrace");
  }
  return std::string_view(cpu.buffer).substr(offset - cpu.buffered, wanted);
}

bool XentraceReader::advance(Cpu& cpu) {
  while (cpu.window < cpu.windows.size()) {
    const std::uint64_t end = cpu.windows[cpu.window].end;
    if (cpu.at == end) {
      if (++cpu.window < cpu.windows.size()) cpu.at = cpu.windows[cpu.window].begin;
      continue;
    }
    const std::string_view text = piece(cpu, cpu.at, end);
    const std::uint32_t header = text.size() < 4 ? 0 : word_at(text, 0);
    const bool has_stamp = (header & stamped) != 0;
    const std::uint32_t words = header >> 28 & 7, event = header & event_bits;
    const std::size_t size = 4 + (has_stamp ? 8U : 0U) + 4 * words;
    if (size > text.size()) fail(cpu.at, "a record that goes beyond its window", "one that ends in it");
    if (has_stamp) {
      const std::uint64_t cycle = word_at(text, 4) | std::uint64_t{word_at(text, 8)} << 32;
      if (cycle < cpu.cycle) {
        fail(cpu.at, fmt::format("cycle {} behind {} on the same processor", cycle, cpu.cycle),
             "records in order of time");
      }
      cpu.cycle = cycle;
      first_ = first_ == 0 ? cycle : std::min(first_, cycle);
      last_ = std::max(last_, cycle);
    }
    const std::uint64_t offset = cpu.at;
    cpu.at += size;
    ++records_;
    if (event == lost_event) ++lost_;
    if ((event & ~change_states) != change_event) continue;
    const std::uint32_t from = event >> 8 & 0xf, to = event >> 4 & 0xf;
    if (words != 1 || from > 3 || to > 3)
      fail(offset, "a change of state of another form", "states 0 to 3 and one word");
    const std::uint32_t who = word_at(text, size - 4);
    cpu.change = {.cycle = cpu.cycle,
                  .vcpu = {.guest = who >> 16, .vcpu = who & 0xffff},
                  .from = static_cast<XentraceState>(from),
                  .to = static_cast<XentraceState>(to)};
    return true;
  }
  return false;
}

bool XentraceReader::next(XentraceChange& change) {
  if (turns_.empty()) return false;
  const std::uint32_t number = turns_.top().second;
  turns_.pop();
  Cpu& cpu = cpus_[number];
  change = cpu.change;
  if (advance(cpu)) turns_.emplace(cpu.change.cycle, number);
  return true;
}

}  // namespace xensim
