/// What the monitor's service of block requests costs.
#pragma once

#include <array>
#include <cstdint>

#include "models/cpu/costs.hpp"
#include "models/io/block/block_service.hpp"

namespace xensim {

/// Cycles for each step of the service, put together from instructions counted on the description of the code
/// and hardware primitives (section `monitor_block` of the calibration). The block layer and the driver below
/// it are Linux's own, at the same price (`kernel_paths`).
class BlockCosts {
 public:
  BlockCosts(const Calibration& calibration, const ProcessorCosts& processor);

  /// Events are marked by others: nothing.
  [[nodiscard]] const CodePath& of(BlockStep step) const { return steps_[static_cast<std::size_t>(step)]; }
  CodePath command;     ///< built and given to the controller
  CodePath completion;  ///< of one, from its interrupt to the end of its buffers

 private:
  std::array<CodePath, WorkCount<BlockStep>::steps> steps_{};
};

}  // namespace xensim
