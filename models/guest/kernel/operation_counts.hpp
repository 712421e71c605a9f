/// What lies behind the time of an operation, counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/statistic.hpp"

namespace xensim {

/// By who keeps them. What does not exist on a platform stays 0.
enum class OperationCount : std::uint8_t {
  // The guest kernel.
  system_calls,
  faults,            ///< that reached the kernel's handler; a signal's return is a system call
  context_switches,  ///< between processes
  locked_operations,
  pages_cleared,
  pages_copied,
  // The machine under it (ProcessMachine::counts).
  entries_written,  ///< of page tables and directories: by the kernel itself or by request
  hypercalls,       ///< a multicall is one
  requests,         ///< of page tables, of all kinds, handed to a monitor
  updates_validated,
  pins,
  unpins,
  address_space_loads,  ///< of another page-table base
  full_flushes,         ///< reloads of the same base
  page_invalidations,
  tlb_walks,
  lines_refilled,
  interrupts_sent,  ///< between processors: to reschedule or to flush
  count_,
};
inline constexpr std::size_t operation_count_kinds = static_cast<std::size_t>(OperationCount::count_);

/// Name ("count/faults"), unit and meaning of each.
[[nodiscard]] const Statistic& statistic_of(OperationCount what);

/// Counts since some beginning, over all processors of a guest.
class OperationCounts {
 public:
  void add(OperationCount what, std::uint64_t times) { counts_[static_cast<std::size_t>(what)] += times; }
  [[nodiscard]] std::uint64_t operator[](OperationCount what) const {
    return counts_[static_cast<std::size_t>(what)];
  }
  OperationCounts& operator+=(const OperationCounts& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    return *this;
  }
  /// What was done since `before`, an earlier reading.
  [[nodiscard]] friend OperationCounts operator-(OperationCounts after, const OperationCounts& before) {
    for (std::size_t i = 0; i < operation_count_kinds; ++i) after.counts_[i] -= before.counts_[i];
    return after;
  }
  bool operator==(const OperationCounts&) const = default;

 private:
  std::array<std::uint64_t, operation_count_kinds> counts_{};
};

}  // namespace xensim
