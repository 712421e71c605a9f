/// Data that a program uses all the time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/memory/working_set.hpp"
#include "workloads/workload.hpp"

namespace xensim {

/// As much of `size` as the caches and the data TLB can hold.
[[nodiscard]] inline WorkingSet constant_data(Bytes size, const WorkloadContext& context) {
  constexpr std::int64_t page = 4096;
  const auto lines = static_cast<std::uint32_t>(
      std::min<std::int64_t>(context.shape.l2_lines, size.count / context.shape.line.count));
  const auto pages = static_cast<std::uint32_t>(
      std::min<std::int64_t>(context.shape.tlb_entries, (size.count + page - 1) / page));
  return WorkingSet::constant(lines, context.costs.miss_price, pages);
}

}  // namespace xensim
