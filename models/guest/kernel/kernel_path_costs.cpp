#include "models/guest/kernel/kernel_path_costs.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

using enum KernelPath;

/// Priced in cycles: their time is the processor's, in one instruction or a loop of a few, a line of code.
constexpr std::array microcoded{
    locked_operation, exchange,       copy_line,  clear_line,          bitmap_word,   zero_page,
    copy_page,        directory_page, signal_fpu, debug_register_load, checksum_line,
};

/// An exchange with memory locks the bus without being told to: one price for both.
constexpr KernelPath priced_as(KernelPath path) { return path == exchange ? locked_operation : path; }

/// Sockets and protocols, whose lengths are estimates of one kind: if wrong, then all alike.
constexpr bool is_protocol(KernelPath path) { return path >= socket_call && path <= udp_receive; }

}  // namespace

KernelPathCosts kernel_path_costs(const Calibration& calibration, const ProcessorCosts& processor) {
  KernelPathCosts costs{};
  const CalibrationSection guest(calibration, "guest."), paths(calibration, "kernel_paths.");
  const double code_line = guest.value("code_line");
  const double protocol_length = guest.value("protocol_length");
  for (std::size_t i = 0; i < kernel_path_count; ++i) {
    const auto path = static_cast<KernelPath>(i);
    const std::string_view name = kernel_path_names[static_cast<std::size_t>(priced_as(path))];
    const double length = paths.value(name) * (is_protocol(path) ? protocol_length : 1);
    if (std::ranges::find(microcoded, path) != microcoded.end()) {
      costs[i] = {std::llround(length)};
      costs.code_lines[i] = 1;
      continue;
    }
    // Segment loads are most of it.
    costs[i] = path == system_call ? Cycles{std::llround(length)} : processor.path(length);
    costs.static_lines[i] = guest.whole("path_data_lines");
    costs.code_lines[i] = std::max(1U, static_cast<std::uint32_t>(length / code_line + 0.5));
  }
  costs.process_lines = guest.whole("process_data_lines");
  costs.resumed_lines = guest.whole("resumed_data_lines");
  costs.task_lines = guest.whole("task_data_lines");
  costs.stream_start = CalibrationSection(calibration, "network.").whole("stream_start");
  return costs;
}

}  // namespace xensim
