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

  /// Of the steps that `work` has more than `before`. Events are marked by others. O(kinds of steps).
  [[nodiscard]] Cycles of(const WorkCount<BlockStep>& work, const WorkCount<BlockStep>& before) const;

  Cycles command;     ///< built and given to the controller
  Cycles completion;  ///< of one, from its interrupt to the end of its buffers

 private:
  std::array<Cycles, WorkCount<BlockStep>::steps> steps_{};
};

}  // namespace xensim
