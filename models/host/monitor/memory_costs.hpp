/// What the monitor's memory management costs.
#pragma once

#include <array>
#include <cstdint>

#include "models/cpu/costs.hpp"
#include "models/host/xen/xen_paging.hpp"
#include "models/memory/memory_work.hpp"

namespace xensim {

/// Cycles for each step of MemoryWork, put together from instructions counted on the description of the code
/// and hardware primitives (section `monitor_memory` of the calibration). Data are taken to be in the L1 or
/// L2; what a flush leaves to be translated again is not in it.
class MemoryCosts {
 public:
  MemoryCosts(const Calibration& calibration, const ProcessorCosts& processor, const MonitorCosts& monitor);

  /// Lines of code, of 64 bytes, that a step runs through, and that each entry into the monitor does.
  [[nodiscard]] std::uint32_t code_lines(MemoryStep step) const {
    return code_lines_[static_cast<std::size_t>(step)];
  }
  [[nodiscard]] std::uint32_t entry_lines() const { return entry_lines_; }
  /// Of its stack and of what it keeps for the domain, in each entry.
  [[nodiscard]] std::uint32_t data_lines() const { return data_lines_; }

  /// Of the work alone, in whole cycles. O(kinds of steps).
  [[nodiscard]] Cycles of(const MemoryWork& work) const;
  /// The monitor's time from the guest's instruction that calls it to the one after.
  [[nodiscard]] Cycles monitor(const PagingCall& call) const;
  /// The guest kernel's time for the requests of a call and the list of a multicall, until then.
  [[nodiscard]] Cycles kernel(const PagingCall& call) const;

 private:
  std::array<std::int64_t, MemoryWork::steps> thousandths_{};  ///< of a cycle, by step
  std::array<std::uint32_t, MemoryWork::steps> code_lines_{};
  std::uint32_t entry_lines_, data_lines_;
  Cycles round_trip_, multicall_, multicall_call_;
  std::int64_t request_thousandths_, guest_call_thousandths_;
};

}  // namespace xensim
