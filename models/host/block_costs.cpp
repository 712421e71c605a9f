#include "models/host/block_costs.hpp"

#include <string>

namespace xensim {

BlockCosts::BlockCosts(const Calibration& calibration, const ProcessorCosts& processor) {
  const double code_line = calibration.value("guest.code_line");
  const auto path = [&](double instructions, Cycles hardware = {}) {
    return Path{processor.path(instructions) + hardware,
                static_cast<std::uint32_t>(instructions / code_line + 1)};
  };
  const auto linux_path = [&](const char* name) {
    return calibration.value("kernel_paths." + std::string(name));
  };
  const auto set = [&](BlockStep step, double more_instructions = 0, Cycles hardware = {}) {
    const auto i = static_cast<std::size_t>(step);
    const double own = calibration.value("monitor_block." + std::string(block_step_names[i]));
    steps_[i] = path(own + more_instructions, hardware);
  };
  command = path(linux_path("disk_command"));
  completion = path(linux_path("disk_completion"));

  using enum BlockStep;
  const Cycles lock = processor.locked_operation;
  set(hypercall, 0, lock);    // list of domains
  set(service_run, 0, lock);  // the tasklet's state
  set(request, 0, lock);      // page_lock
  set(refused);
  set(segment);
  set(frame_checked);
  set(extent_tried);
  set(piece, linux_path("block_submit"));
  set(frame_pinned);
  set(piece_done, 0, lock);  // page_lock
  set(response, 0, lock);    // ring
}

}  // namespace xensim
