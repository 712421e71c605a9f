#include "results/traces/xentrace_windows.hpp"

#include <algorithm>

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
  std::string& text = records_[cpu.value];
  const std::uint32_t event =
      runstate_change | static_cast<std::uint32_t>(from) << 8 | static_cast<std::uint32_t>(to) << 4;
  add_word(text, has_stamp | 1U << words_shift | event);
  add_word(text, static_cast<std::uint32_t>(at));
  add_word(text, static_cast<std::uint32_t>(at >> 32));
  add_word(text, vcpu.word());
  return at;
}

std::string XentraceWindows::bytes() const {
  std::string file;
  for (std::size_t cpu = 0; cpu < records_.size(); ++cpu) {
    add_word(file, 2U << words_shift | cpu_change);
    add_word(file, static_cast<std::uint32_t>(cpu));
    add_word(file, static_cast<std::uint32_t>(records_[cpu].size()));
    file += records_[cpu];
  }
  return file;
}

}  // namespace xensim
