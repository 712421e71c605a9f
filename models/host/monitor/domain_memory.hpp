/// A new domain's memory as domain 0's builder lays it out (Xen 1.0, tools/internal/xi_build.c, from a
/// description): the kernel at the front, its page tables at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/guest/memory/paging.hpp"
#include "models/memory/machine_memory.hpp"
#include "models/memory/page_update.hpp"

namespace xensim {

/// Which pages of a domain are what. Page `i` is its `i`-th frame, mapped at `base + i * 4096`; the tables
/// lie in reverse order before the directory, which is last.
struct KernelLayout {
  static constexpr Address base{0xc0000000};
  /// The kernel's mappings end where the monitor's part begins.
  static constexpr std::uint32_t most_pages = (guest_end.value - base.value) / page_size - 1;
  static constexpr std::uint32_t fewest_pages = 16;

  std::uint32_t pages = 0;  ///< from `fewest_pages` to `most_pages`

  /// Enough for one page more: the one shared with the monitor follows the domain's own.
  [[nodiscard]] constexpr std::uint32_t tables() const {
    return (pages + entries_per_table) / entries_per_table;
  }
  [[nodiscard]] constexpr PageNumber directory() const { return {pages - 1}; }
  [[nodiscard]] constexpr PageNumber table(std::uint32_t i) const { return {pages - 2 - i}; }
  /// The page that tells the kernel about itself; also the end of its first stack.
  [[nodiscard]] constexpr PageNumber start_info() const { return {pages - 2 - tables()}; }
  [[nodiscard]] constexpr bool holds_tables(PageNumber page) const { return page > start_info(); }
  /// Pages that the kernel may use as it likes, from the first.
  [[nodiscard]] constexpr std::uint32_t usable() const { return start_info().value; }

  [[nodiscard]] static constexpr Address address_of(PageNumber page) {
    return {base.value + page.value * page_size};
  }
};

/// A domain's frames in the order in which it got them. O(frames).
[[nodiscard]] std::vector<FrameNumber> domain_frames(const MachineMemory& machine,
                                                     const MemoryDomain& domain);

/// What the builder asks of the monitor: `2 * pages + tables + 1` requests, in order, in as many hypercalls
/// as it likes; page tables' frames are cleared here. With virtual entries (Xen 1.2) it writes the tables
/// through mappings of its own and has all of them validated by the pin at the end.
[[nodiscard]] std::vector<PageRequest> building_requests(MachineMemory& machine, const KernelLayout& layout,
                                                         std::vector<FrameNumber> frames);
/// The end of building: the monitor takes the directory for the domain's base. Throws SimulationError if it
/// refuses it.
void take_base(const MemoryCall& call, MemoryDomain& domain, const KernelLayout& layout);

/// Gives `domain` `pages` frames from the free list, and page tables with an entry of 4 KB for each: all
/// writable but those of the tables. One hypercall of the builder (the privileged domain of `call`), of
/// `2 * pages + tables + 1` requests; its work is in `call.cpu`. The domain then runs on the new directory.
/// Empty, and nothing changed: too few frames are free.
/// Left out: copying the kernel's image, the shared page. Throws SimulationError if the monitor refuses a
/// request. O(pages).
[[nodiscard]] std::optional<KernelLayout> build_domain_memory(const MemoryCall& call, MemoryDomain& domain,
                                                              std::uint32_t pages);

}  // namespace xensim
