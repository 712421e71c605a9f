/// The parts of a processor that models and workloads must know the size of.
#pragma once

#include <cstdint>
#include <optional>

#include "core/quantity.hpp"

namespace xensim {

/// Of a Xeon of 2002 (Intel, IA-32 Software Developer's Manual volume 3, section 10.1).
inline constexpr std::uint32_t l1_data_ways = 4, l2_lines_of_tag = 2;

struct ProcessorShape {
  Frequency clock;
  Bytes line;                  ///< a cache line, in both caches
  std::uint32_t l1_lines = 0;  ///< data cache
  std::uint32_t l2_lines = 0, l2_ways = 1;
  /// Data caches go by addresses, of this colouring of memory; else by footprints, an average over all.
  std::optional<std::uint64_t> colouring = std::nullopt;
  std::uint32_t tlb_entries = 64;  ///< data TLB
  bool tlb_tagged = false;         ///< translations survive a switch of address spaces
};

}  // namespace xensim
