/// How a processor's TLBs tell address spaces apart, if they do.
#pragma once

#include <map>

#include "models/cpu/processor_shape.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// The memory management unit of a processor of that shape.
[[nodiscard]] inline Mmu mmu_of(const ProcessorShape& shape) {
  TlbShape data = data_tlb_shape, instruction = instruction_tlb_shape;
  data.entries = data.ways = shape.tlb_entries;
  data.tagged = instruction.tagged = shape.tlb_tagged;
  return Mmu({}, data, instruction);
}

/// Names for address spaces, by their directories. A directory that is used again has another name, so that
/// what is left of the old one is never found.
class AddressSpaceTags {
 public:
  [[nodiscard]] AddressSpaceId of(FrameNumber directory) {
    const auto [named, is_new] = names_.try_emplace(directory.value, AddressSpaceId{next_});
    if (is_new) ++next_;
    return named->second;
  }
  void forget(FrameNumber directory) { names_.erase(directory.value); }

 private:
  std::map<std::uint32_t, AddressSpaceId> names_;
  std::uint32_t next_ = 1;
};

}  // namespace xensim
