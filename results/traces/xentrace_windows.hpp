/// The binary form of xentrace: records in little-endian words, in windows of one processor each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/ids.hpp"
#include "results/traces/spool.hpp"

namespace xensim {

/// What a virtual processor does, by xentrace's numbers.
enum class XentraceState : std::uint32_t { running = 0, runnable = 1, blocked = 2, offline = 3 };

/// A virtual processor of a guest: both numbers in one word. The idle guest has one for each processor.
struct XentraceVcpu {
  static constexpr std::uint32_t idle_guest = 32767;

  std::uint32_t guest = 0, vcpu = 0;
  [[nodiscard]] std::uint32_t word() const { return guest << 16 | vcpu; }
};

/// Collects each processor's records on disk, to be written as one round of windows with every processor in
/// it.
class XentraceWindows {
 public:
  /// For the file that is to be.
  XentraceWindows(const std::filesystem::path& file, std::uint32_t cpus) : file_(file), last_(cpus, 1) {
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) records_.emplace_back(file);
  }

  /// `vcpu` changes its state on `cpu` at `cycle`, or at the processor's last record if that is later.
  /// Returns the cycle that was written; cycles begin at 1.
  std::uint64_t change(CpuId cpu, std::uint64_t cycle, XentraceVcpu vcpu, XentraceState from,
                       XentraceState to);

  /// The file appears. Throws InputError if a window has more bytes than its header can say (4 GiB), or if
  /// the file cannot be written. O(records).
  void finish();

 private:
  std::filesystem::path file_;
  std::vector<Spool> records_;  ///< by CpuId
  std::vector<std::uint64_t> last_;
};

}  // namespace xensim
