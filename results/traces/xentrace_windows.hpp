/// The binary form of xentrace: records in little-endian words, in windows of one processor each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.hpp"

namespace xensim {

/// What a virtual processor does, by xentrace's numbers.
enum class XentraceState : std::uint32_t { running = 0, runnable = 1, blocked = 2, offline = 3 };

/// A virtual processor of a guest: both numbers in one word. The idle guest has one for each processor.
struct XentraceVcpu {
  static constexpr std::uint32_t idle_guest = 32767;

  std::uint32_t guest = 0, vcpu = 0;
  [[nodiscard]] std::uint32_t word() const { return guest << 16 | vcpu; }
};

/// Collects each processor's records, to be written as one round of windows with every processor in it.
class XentraceWindows {
 public:
  explicit XentraceWindows(std::uint32_t cpus) : records_(cpus), last_(cpus, 1) {}

  /// `vcpu` changes its state on `cpu` at `cycle`, or at the processor's last record if that is later.
  /// Returns the cycle that was written; cycles begin at 1.
  std::uint64_t change(CpuId cpu, std::uint64_t cycle, XentraceVcpu vcpu, XentraceState from,
                       XentraceState to);

  /// The whole file. O(records).
  [[nodiscard]] std::string bytes() const;

 private:
  std::vector<std::string> records_;  ///< by CpuId
  std::vector<std::uint64_t> last_;
};

}  // namespace xensim
