#include "models/guest/kernel_path_costs.hpp"

#include <algorithm>
#include <cmath>
#include <string>

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
  const auto lines = [&](const char* name) {
    return static_cast<std::uint32_t>(std::llround(calibration.value(name)));
  };
  const double code_line = calibration.value("guest.code_line");
  const double protocol_length = calibration.value("guest.protocol_length");
  for (std::size_t i = 0; i < kernel_path_count; ++i) {
    const auto path = static_cast<KernelPath>(i);
    const auto name = std::string(kernel_path_names[static_cast<std::size_t>(priced_as(path))]);
    const double length =
        calibration.value("kernel_paths." + name) * (is_protocol(path) ? protocol_length : 1);
    if (std::ranges::find(microcoded, path) != microcoded.end()) {
      costs[i] = {std::llround(length)};
      costs.code_lines[i] = 1;
      continue;
    }
    // Segment loads are most of it.
    costs[i] = path == system_call ? Cycles{std::llround(length)} : processor.path(length);
    costs.static_lines[i] = lines("guest.path_data_lines");
    costs.code_lines[i] = std::max(1U, static_cast<std::uint32_t>(length / code_line + 0.5));
  }
  costs.process_lines = lines("guest.process_data_lines");
  costs.resumed_lines = lines("guest.resumed_data_lines");
  costs.task_lines = lines("guest.task_data_lines");
  costs.stream_start = lines("network.stream_start");
  return costs;
}

}  // namespace xensim
