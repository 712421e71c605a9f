/// What the monitor's memory management keeps for each processor, and what it owes to its TLB.
#pragma once

#include <cstdint>
#include <vector>

#include "models/memory/memory_work.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// Translations that the processor must forget before the guest goes on.
struct TlbEffects {
  bool all = false;
  std::vector<Address> pages{};  ///< besides, in order

  void clear() {
    all = false;
    pages.clear();
  }
};

/// The caller reads and clears `work` and `owed` whenever it likes; the rest is state.
/// Left out: that a sweep of the map cache passes over the one to three slots still in use.
struct MemoryCpu {
  static constexpr std::uint32_t map_slots = 1024;

  bool flush_pending = false;  ///< due at the end of the batch
  bool ldt_pending = false;    ///< the first page of the LDT is to be mapped at the end of the batch
  std::uint32_t map_index = 0;
  std::uint32_t flushes = 0;  ///< of the whole TLB, ever; network reception compares them
  MemoryWork work{};
  TlbEffects owed{};

  void flush(MemoryStep cause) {
    work.did(cause);
    ++flushes;
    owed.all = true;
  }
  void invalidate(Address page) {
    work.did(MemoryStep::page_invalidation);
    owed.pages.push_back(page);
  }
  /// Maps one frame for the monitor. Slots are used in turn; when all were, the released ones are cleared
  /// and the TLB is flushed.
  void map() {
    work.did(MemoryStep::map_slot);
    map_index = (map_index + 1) % map_slots;
    if (map_index != 0) return;
    work.did(MemoryStep::map_sweep);
    flush(MemoryStep::map_cache_flush);
  }
};

}  // namespace xensim
