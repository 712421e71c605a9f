#include "results/traces/xentrace_windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/error.hpp"
#include "results/atomic_file.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t has_stamp = 1U << 31;
constexpr unsigned words_shift = 28;
constexpr std::uint32_t runstate_change = 0x00021001;
constexpr std::uint32_t cpu_change = 0x0001f003;

void add_word(std::string& text, std::uint32_t word) {
  for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>(word >> shift & 0xffU);
}

}  // namespace

std::uint64_t XentraceWindows::change(CpuId cpu, std::uint64_t cycle, XentraceVcpu vcpu, XentraceState from,
                                      XentraceState to) {
  const std::uint64_t at = std::max(cycle, last_[cpu.value]);
  last_[cpu.value] = at;
  std::string text;
  const std::uint32_t event =
      runstate_change | static_cast<std::uint32_t>(from) << 8 | static_cast<std::uint32_t>(to) << 4;
  add_word(text, has_stamp | 1U << words_shift | event);
  add_word(text, static_cast<std::uint32_t>(at));
  add_word(text, static_cast<std::uint32_t>(at >> 32));
  add_word(text, vcpu.word());
  records_[cpu.value].write(text);
  return at;
}

void XentraceWindows::finish() {
  AtomicFile file(file_);
  for (std::size_t cpu = 0; cpu < records_.size(); ++cpu) {
    Spool& records = records_[cpu];
    if (records.size() > UINT32_MAX) {
      throw InputError({.file = file_.string()},
                       fmt::format("{} bytes of records of processor {}", records.size(), cpu),
                       "at most 4 GiB, which are hours in which much happens: a shorter run");
    }
    std::string header;
    add_word(header, 2U << words_shift | cpu_change);
    add_word(header, static_cast<std::uint32_t>(cpu));
    add_word(header, static_cast<std::uint32_t>(records.size()));
    file.write(header);
    records.copy_to(file);
  }
  file.commit();
}

}  // namespace xensim
