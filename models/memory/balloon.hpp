/// How many frames a domain has: its reservation, and the balloon driver's hypercalls that change it.
///
/// A frame is accepted back if the domain owns it and nothing refers to it, as in Xen 1.2. (Xen 1.0 refuses
/// every frame that was ever mapped writable, by a slip: its balloon could hardly be used.)
/// Source: Xen 1.0 and 1.2, common/dom_mem_ops.c and common/domain.c, from a description.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/memory/machine_memory.hpp"

namespace xensim {

/// A new domain's `pages` frames, which is also the most it may ever have. False, and nothing changed, if
/// too few are free. Their contents are what the last owner left.
[[nodiscard]] bool reserve(MachineMemory& machine, MemoryDomain& domain, std::uint32_t pages);
/// A domain died: frames, tables and all go back without looking at a single entry. Whoever else still
/// refers to them (only a privileged domain can) has to be stopped from doing so before. O(frames).
void release(MachineMemory& machine, MemoryDomain& domain);

/// `pages` more frames, zeroed, appended to `frames`; none of them if not all are to be had.
[[nodiscard]] HypercallStatus increase_reservation(const MemoryCall& call, std::uint32_t pages,
                                                   std::vector<FrameNumber>& frames);

struct DecreaseResult {
  HypercallStatus status;
  std::size_t done;  ///< frames given back: those before the first that is refused
};
[[nodiscard]] DecreaseResult decrease_reservation(const MemoryCall& call,
                                                  std::span<const FrameNumber> frames);

}  // namespace xensim
