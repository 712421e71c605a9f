/// Whose running filled whose waiting.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace xensim {

/// A wait is charged to those who had the processor that ended it, each for as long as it had it; what is
/// left is nobody's: the processor was idle or on its way. So the parts of a wait add up to it, exactly. What
/// ran is kept as long as `forget` does not say that no wait reaches back to it.
class WaitTable {
 public:
  using Who = std::uint32_t;
  static constexpr Who nobody = UINT32_MAX;

  /// Stays on one processor are told in order, and do not overlap.
  void ran(CpuId cpu, Who who, Time begin, Time end) { stays_[cpu].push_back({who, begin, end}); }

  /// All that ran there until `end` has been told. O(stays in that time).
  void waited(CpuId cpu, Who who, Time begin, Time end) {
    Time left = end - begin;
    const std::deque<Stay>& stays = stays_[cpu];
    for (auto stay = stays.rbegin(); stay != stays.rend() && stay->end > begin; ++stay) {
      const Time both = std::min(stay->end, end) - std::max(stay->begin, begin);
      if (both <= Time{}) continue;
      times_[{who, stay->who}] += both;
      left -= both;
    }
    if (left != Time{}) times_[{who, nobody}] += left;
  }

  /// No wait that is still to be told begins before. O(1) for each stay that is forgotten.
  void forget(Time before) {
    for (auto& [cpu, stays] : stays_) {
      while (!stays.empty() && stays.front().end <= before) stays.pop_front();
    }
  }

  /// By who waited and who ran.
  [[nodiscard]] const std::map<std::pair<Who, Who>, Time>& times() const { return times_; }

 private:
  struct Stay {
    Who who = nobody;
    Time begin{}, end{};
  };
  std::map<CpuId, std::deque<Stay>> stays_;
  std::map<std::pair<Who, Who>, Time> times_;
};

}  // namespace xensim
