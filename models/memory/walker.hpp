/// The memory management unit of one processor: two TLBs and the walk of the page tables.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/ids.hpp"
#include "models/memory/page_table.hpp"
#include "models/memory/physical_memory.hpp"
#include "models/memory/tlb.hpp"

namespace xensim {

enum class Access : std::uint8_t { read, write, fetch };
/// To the MMU all rings but 3 are the same: supervisor. What keeps ring 1 from ring 0 is segmentation.
enum class Privilege : std::uint8_t { ring0, ring1, ring3 };

struct PageFault {
  /// Bits of the error code. `present`: the page is there, but not for this access; `reserved`: a directory
  /// entry of a 4 MB page has reserved bits set.
  static constexpr std::uint32_t present = 1, write = 2, user = 4, reserved = 8;

  Address address;  ///< CR2
  std::uint32_t error_code = 0;
  constexpr bool operator==(const PageFault&) const = default;
};

/// Bits of CR0 and CR4 that the MMU obeys.
struct PagingControl {
  bool write_protect = true;  ///< CR0.WP: read-only pages are so in rings 0 to 2 too
  bool large_pages = true;    ///< CR4.PSE
  bool global_pages = true;   ///< CR4.PGE
  constexpr bool operator==(const PagingControl&) const = default;
};

/// Translates as the processor does (Intel, IA-32 Software Developer's Manual volume 3, sections 3.6, 3.7,
/// 4.11 and 5.15):
/// - A directory entry is marked accessed when the walk goes on to its table, the entry of a page only when
///   the access is allowed. A write marks the page dirty; if the TLB has it clean, after another walk.
/// - A TLB entry that does not allow the access causes the fault, whatever the tables say by now, and is
///   dropped; so a fault of that kind happens once.
/// - Where there is no memory, reads give ones and writes go nowhere. So a table there maps everything to the
///   last frame below 4 GB, and a directory there faults for its reserved bits (without PSE it maps
///   likewise).
/// - Addresses of 36 bits (PSE-36) are obeyed: a 4 MB page may lie beyond 4 GB.
///
/// A hit takes O(1), as does a walk. No contents of the tables are an error.
class Mmu {
 public:
  struct Counts {
    std::uint64_t walks = 0;        ///< each reads a directory entry
    std::uint64_t tables_read = 0;  ///< walks that read an entry of a table too
    std::uint64_t accessed_set = 0, dirty_set = 0;
    std::uint64_t faults = 0;
  };
  struct Result {
    FrameNumber frame;  ///< that is accessed, which may lie beyond memory; invalid after a fault
    PageFault fault{};
    constexpr bool operator==(const Result&) const = default;
    [[nodiscard]] constexpr bool faulted() const { return !frame.valid(); }
  };

  explicit Mmu(const PagingControl& control = {}, const TlbShape& data = data_tlb_shape,
               const TlbShape& instruction = instruction_tlb_shape)
      : control_(control), data_(data), instruction_(instruction) {}

  /// `directory` is what CR3 names; if it changes, the caller switches or flushes as the processor would.
  Result translate(Address address, Access access, Privilege privilege, FrameNumber directory,
                   PhysicalMemory& memory) {
    if (hits(address, access, privilege)) return {found_->frame_of(address)};
    return after_miss(address, access, privilege, directory, memory);
  }
  /// The same in two steps, for those who need no frame: most accesses end with the first, which needs to
  /// know no tables. Whether the TLB alone allows the access, which is then done.
  [[nodiscard]] bool hits(Address address, Access access, Privilege privilege) {
    found_ = (access == Access::fetch ? instruction_ : data_).lookup(address);
    return found_ != nullptr && found_->has(requirements(access, privilege));
  }
  /// Right after hits() said no to the same.
  Result after_miss(Address address, Access access, Privilege privilege, FrameNumber directory,
                    PhysicalMemory& memory) {
    Tlb& tlb = access == Access::fetch ? instruction_ : data_;
    const Translation* translation =
        resolve(tlb, address, requirements(access, privilege), directory, memory);
    if (translation == nullptr) return {.frame = {}, .fault = fault_};
    return {translation->frame_of(address)};
  }

  /// CR3 is loaded: the start of `space`, which only tagged TLBs care about.
  void switch_to(AddressSpaceId space = {0});
  void flush(FlushScope scope);
  void flush_page(Address address);
  /// Flushes everything if the paging mode changes.
  void set_control(const PagingControl& control);

  [[nodiscard]] const PagingControl& control() const { return control_; }
  [[nodiscard]] const Tlb& data_tlb() const { return data_; }
  [[nodiscard]] const Tlb& instruction_tlb() const { return instruction_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

  /// Holds every entry that the current address space can hit against the tables: it must lead to the same
  /// frame and have no right, dirty or global flag that the tables do not give. Empty, or the first entry
  /// that is stale. That a page's accessed flag was taken away is no contradiction: kernels leave that
  /// unflushed. `excused`: addresses whose entries may be stale.
  [[nodiscard]] std::string audit(FrameNumber directory, const PhysicalMemory& memory,
                                  const std::function<bool(Address)>& excused = {}) const;

 private:
  /// Flags that a TLB entry needs to allow the access without a walk.
  [[nodiscard]] std::uint32_t requirements(Access access, Privilege privilege) const {
    const bool user = privilege == Privilege::ring3;
    std::uint32_t flags = user ? PageTableEntry::user : 0;
    if (access == Access::write) {
      flags |= PageTableEntry::dirty;
      if (user || control_.write_protect) flags |= PageTableEntry::writable;
    }
    return flags;
  }
  /// What the TLB does not settle, with what it has in `found_`. `required` are the flags that the access
  /// needs. Null after a fault.
  const Translation* resolve(Tlb& tlb, Address address, std::uint32_t required, FrameNumber directory,
                             PhysicalMemory& memory);
  const Translation* fault(Address address, std::uint32_t required, std::uint32_t cause);

  PagingControl control_;
  Tlb data_, instruction_;
  const Translation* found_ = nullptr;  ///< by the last look-up; valid until a TLB changes
  PageFault fault_;                     ///< the last
  Counts counts_;
};

}  // namespace xensim
