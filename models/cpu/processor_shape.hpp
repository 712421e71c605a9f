/// The parts of a processor that models and workloads must know the size of.
#pragma once

#include <cstdint>

#include "core/quantity.hpp"

namespace xensim {

struct ProcessorShape {
  Frequency clock;
  Bytes line;                  ///< a cache line, in both caches
  std::uint32_t l1_lines = 0;  ///< data cache
  std::uint32_t l2_lines = 0, l2_ways = 1;
  std::uint32_t tlb_entries = 64;  ///< data TLB
  bool tlb_tagged = false;         ///< translations survive a switch of address spaces
};

}  // namespace xensim
