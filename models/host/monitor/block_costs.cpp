#include "models/host/monitor/block_costs.hpp"

#include "models/cpu/calibration_section.hpp"

namespace xensim {

BlockCosts::BlockCosts(const Calibration& calibration, const ProcessorCosts& processor) {
  const CalibrationSection own(calibration, "monitor_block."), linux_path(calibration, "kernel_paths.");
  const auto set = [&](BlockStep step, double more_instructions = 0, Cycles hardware = {}) {
    const auto i = static_cast<std::size_t>(step);
    steps_[i] = processor.code_path(own.value(block_step_names[i]) + more_instructions, hardware);
  };
  command = processor.code_path(linux_path.value("disk_command"));
  completion = processor.code_path(linux_path.value("disk_completion"));

  using enum BlockStep;
  const Cycles lock = processor.locked_operation;
  set(hypercall, 0, lock);    // list of domains
  set(service_run, 0, lock);  // the tasklet's state
  set(request, 0, lock);      // page_lock
  set(refused);
  set(segment);
  set(frame_checked);
  set(extent_tried);
  set(piece, linux_path.value("block_submit"));
  set(frame_pinned);
  set(piece_done, 0, lock);  // page_lock
  set(response, 0, lock);    // ring
}

}  // namespace xensim
