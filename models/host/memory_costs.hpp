/// What the monitor's memory management costs.
#pragma once

#include <array>
#include <cstdint>

#include "models/cpu/costs.hpp"
#include "models/host/xen_paging.hpp"
#include "models/memory/memory_work.hpp"

namespace xensim {

/// Cycles for each step of MemoryWork, put together from instructions counted on the description of the code
/// and hardware primitives (section `monitor_memory` of the calibration). Data are taken to be in the L1 or
/// L2; what a flush leaves to be translated again is not in it.
class MemoryCosts {
 public:
  MemoryCosts(const Calibration& calibration, const ProcessorCosts& processor, const MonitorCosts& monitor);

  /// Of the work alone, in whole cycles. O(kinds of steps).
  [[nodiscard]] Cycles of(const MemoryWork& work) const;
  /// The monitor's time from the guest's instruction that calls it to the one after.
  [[nodiscard]] Cycles monitor(const PagingCall& call) const;
  /// The guest kernel's time for the requests of a call, until then.
  [[nodiscard]] Cycles kernel(const PagingCall& call) const;

 private:
  std::array<std::int64_t, memory_step_count> thousandths_{};  ///< of a cycle, by step
  Cycles round_trip_, multicall_, multicall_call_;
  std::int64_t request_thousandths_;
};

}  // namespace xensim
