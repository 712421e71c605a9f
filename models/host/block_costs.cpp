#include "models/host/block_costs.hpp"

#include <string>

namespace xensim {

BlockCosts::BlockCosts(const Calibration& calibration, const ProcessorCosts& processor)
    : command(processor.path(calibration.value("kernel_paths.disk_command"))),
      completion(processor.path(calibration.value("kernel_paths.disk_completion"))) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (static_cast<BlockStep>(i) == BlockStep::event) continue;
    steps_[i] = processor.path(calibration.value("monitor_block." + std::string(block_step_names[i])));
  }
  const auto add = [&](BlockStep step, Cycles hardware) {
    Cycles& price = steps_[static_cast<std::size_t>(step)];
    price = price + hardware;
  };
  add(BlockStep::hypercall, processor.locked_operation);    // list of domains
  add(BlockStep::service_run, processor.locked_operation);  // the tasklet's state
  add(BlockStep::request, processor.locked_operation);      // page_lock
  add(BlockStep::piece, processor.path(calibration.value("kernel_paths.block_submit")));
  add(BlockStep::piece_done, processor.locked_operation);  // page_lock
  add(BlockStep::response, processor.locked_operation);    // ring
}

Cycles BlockCosts::of(const WorkCount<BlockStep>& work, const WorkCount<BlockStep>& before) const {
  Cycles sum{};
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto step = static_cast<BlockStep>(i);
    sum = sum + steps_[i] * static_cast<std::int64_t>(work[step] - before[step]);
  }
  return sum;
}

}  // namespace xensim
