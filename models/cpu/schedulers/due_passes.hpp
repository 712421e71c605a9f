/// Where a policy wants a pass because of what it was told.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace xensim {

/// Processors in the order in which they were asked, each once. O(processors asked).
class DuePasses {
 public:
  void clear() { due_.clear(); }
  void ask(CpuId cpu) {
    if (std::ranges::find(due_, cpu) == due_.end()) due_.push_back(cpu);
  }
  /// To the monitor, about `cpu`, which is then not among the others.
  [[nodiscard]] Time answer(CpuId cpu, Time now) { return std::erase(due_, cpu) > 0 ? now : never; }
  [[nodiscard]] std::span<const CpuId> others() const { return due_; }

 private:
  std::vector<CpuId> due_;
};

}  // namespace xensim
