/// The hypercalls by which guests change page tables: pt_update (Xen 1.0), mmu_update and update_va_mapping
/// (Xen 1.2). Every request is validated; flushes of the TLB that requests call for are put off to the end
/// of the batch and made once.
/// Stricter than the code of 2003, so that no sequence of requests gives a guest what it must not have:
/// a frame that was a table but is not in use as one is written like any other, without touching counts that
/// its entries no longer hold; update_va_mapping changes entries of tables, not of a directory seen as one.
/// Source: Xen 1.0 and 1.2, xen/common/memory.c, from a description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/memory/machine_memory.hpp"

namespace xensim {

/// Two words as the guest passes them: the low two bits of `pointer` select the command.
struct PageRequest {
  std::uint32_t pointer = 0;
  std::uint32_t value = 0;
};

/// A request as guests put it together: of an entry's address (machine or virtual, by the rules) or of a
/// frame's.
[[nodiscard]] PageRequest make_request(const MemoryRules& rules, PageCommand command, std::uint32_t pointer,
                                       std::uint32_t value);
/// `argument`: an address to invalidate or a number of LDT entries, where the command takes one.
[[nodiscard]] PageRequest make_request(const MemoryRules& rules, ExtendedCommand command,
                                       std::uint32_t pointer = 0, std::uint32_t argument = 0);

struct PageUpdateResult {
  HypercallStatus status;
  std::size_t done;  ///< requests before the one that was refused, if any was
};

/// Any arguments are allowed. O(1) a request, but for those that validate a table or undo that. If the caller
/// is killed, a flush that was put off stays due on the processor.
[[nodiscard]] PageUpdateResult update_pages(const MemoryCall& call, std::span<const PageRequest> requests);

/// Flags of update_va_mapping.
inline constexpr std::uint32_t va_flush_all = 1, va_flush_page = 2;

/// One entry of a page table of the address space in use, named by the page it maps. Makes the flushes of
/// `flags` even if the entry is refused, and none that requests of a batch have put off.
[[nodiscard]] HypercallStatus update_va_mapping(const MemoryCall& call, std::uint32_t page,
                                                PageTableEntry entry, std::uint32_t flags);

}  // namespace xensim
