/// Recomputes every count and type of the frame table from the tables themselves.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "models/memory/machine_memory.hpp"

namespace xensim {

/// References that stand in no table: by devices under way, by the monitor for what it shares.
struct HeldReference {
  FrameNumber frame;
  std::uint32_t total, typed;
  std::string_view holder;
};

/// A translation that a processor may still use.
struct CachedTranslation {
  DomainId domain;  ///< whose address space it is of
  Address page;
  FrameNumber frame;
  bool writable = false;
};

/// What the audit cannot find in memory itself.
struct AuditView {
  std::span<const MemoryDomain* const> domains;
  std::span<const HeldReference> held = {};
  std::span<const CachedTranslation> cached = {};
};

/// Empty, or the first contradiction with the two places that disagree. Holds:
/// - a frame's counts are its references by entries of valid tables, bases, slots of descriptor tables, pins
///   and what is held; a reference that needs a type finds it;
/// - so no page table, directory or descriptor table in use is mapped writable, and every frame that is, is
///   marked as perhaps writable through a TLB;
/// - nothing refers to another owner's frame, but for tables of a privileged domain;
/// - no processor can still write to a table in use, or to what is no longer its domain's;
/// - every frame is in its owner's list and free ones in theirs, unreferenced.
/// O(frames + entries of tables in use).
[[nodiscard]] std::string audit_memory(const MachineMemory& machine, const AuditView& view);

}  // namespace xensim
