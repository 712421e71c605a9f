/// What one process, or several that share it, see of memory (mm_struct).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/guest/memory/area_list.hpp"
#include "models/guest/memory/fault_result.hpp"
#include "models/guest/memory/guest_memory.hpp"
#include "models/guest/memory/page_tables.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// What mmap is asked for.
struct Mapping {
  std::uint32_t length = 0;            ///< bytes
  std::uint8_t flags = 0;              ///< AreaFlags; what is shared has a file
  std::optional<Address> address{};    ///< wished for; empty or 0: anywhere
  bool fixed = false;                  ///< there and nowhere else, over what may be there
  bool no_reserve = false;             ///< no check that there is memory
  std::shared_ptr<MappedFile> file{};  ///< null: anonymous
  std::uint32_t file_page = 0;
};

/// Areas and page tables of Linux 2.4.21 (mm/mmap.c, mprotect.c, memory.c, kernel/fork.c). Mapping changes no
/// entry: pages come by faults. Addresses and lengths may be anything a program says.
class AddressSpace {
 public:
  static constexpr Address user_end{0xC0000000}, mapping_base{0x40000000};
  static constexpr std::uint32_t stack_limit = 8 << 20;  ///< bytes, RLIMIT_STACK

  /// An empty one. Null: no memory.
  [[nodiscard]] static std::unique_ptr<AddressSpace> create(GuestMemory& memory);
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;
  ~AddressSpace();

  /// dup_mmap: a copy whose private pages are shared until either writes. Null: no memory.
  [[nodiscard]] std::unique_ptr<AddressSpace> fork();
  /// exit_mmap: nothing is mapped any more; only the directory is left.
  void clear();

  /// Where it was mapped. Empty: no room, no memory, or nonsense asked for.
  [[nodiscard]] std::optional<Address> map(Mapping mapping);
  /// False: nonsense, or too many areas. What is not mapped is passed over.
  bool unmap(Address start, std::uint32_t length);
  /// `protection` of AreaFlags. False: nonsense, too many areas, or a hole: what comes before it is changed.
  bool protect(Address start, std::uint32_t length, std::uint8_t protection);
  /// msync of what is mapped there: pages of files that it has changed are known to be. `files` gets those of
  /// shared areas, in the order of their addresses. False: nonsense, or a hole.
  bool synchronize(Address start, std::uint32_t length, std::vector<std::shared_ptr<MappedFile>>& files);
  /// Where the heap begins, after exec.
  void set_heap(Address start) { heap_start_ = heap_end_ = start; }
  /// Moves the end of the heap if that is possible; returns where it is.
  Address set_heap_end(Address end);
  [[nodiscard]] Address heap_end() const { return heap_end_; }

  /// do_page_fault. In user mode a stack grows to what lies near the stack pointer.
  [[nodiscard]] FaultResult fault(const PageFault& fault, Address stack_pointer = {});
  /// Puts a page in a place where nothing is, writable; the reference passes to the tables. False: no memory.
  [[nodiscard]] bool install(Address address, PageNumber page);

  /// Processors that may hold translations (cpu_vm_mask), for the platform to keep.
  void used_by(unsigned processor) { processors_ |= 1u << processor; }
  void left_by(unsigned processor) { processors_ &= ~(1u << processor); }
  /// Processes that share it (mm_users), for the kernel to keep.
  std::uint32_t users = 1;

  [[nodiscard]] PageNumber directory() const { return tables_.directory(); }
  /// swap_out_mm: takes pages out from where it stopped the last time. False: it came to the end, where the
  /// next call begins anew.
  bool swap_out(PageTables::SwapOut& sweep);

  [[nodiscard]] const AreaList& areas() const { return areas_; }
  [[nodiscard]] const PageTables& tables() const { return tables_; }
  [[nodiscard]] std::uint32_t resident() const { return resident_; }    ///< pages, the zero page not counted
  [[nodiscard]] std::uint32_t mapped_pages() const { return mapped_; }  ///< total_vm

  /// Adds this space's references to those in `references`, by page. Empty, or the first contradiction.
  [[nodiscard]] std::string audit(std::vector<std::uint32_t>& references) const;

 private:
  AddressSpace(GuestMemory& memory, PageNumber directory)
      : memory_(memory), tables_(memory, directory), place_(memory.spaces.add(*this)) {}

  /// mm_struct, and so many of its areas: two lines each.
  void uses_areas(std::size_t areas) const {
    memory_.kernel.uses(KernelObject::space, directory().value, 2 + 2 * static_cast<std::uint32_t>(areas));
  }
  void flush() { memory_.paging.flush(directory(), processors_); }
  /// Takes a range out of the tables: all its translations are stale then.
  void zap(AddressRange range);
  [[nodiscard]] std::optional<Address> place_for(const Mapping& mapping, std::uint32_t pages);
  void add(Area area);
  bool remove(AddressRange range);
  void free_tables_around(AddressRange range);
  /// The memory is there, or nobody asks.
  [[nodiscard]] bool may_add(const Mapping& mapping, std::uint32_t pages) const;

  // Faults, by what they find.
  [[nodiscard]] const Area* area_for(const PageFault& fault, Address stack_pointer);
  [[nodiscard]] bool grow_stack(std::size_t index, Address start);
  [[nodiscard]] FaultResult anonymous_page(const Area& area, Address address, bool write);
  [[nodiscard]] FaultResult file_page(const Area& area, Address address, bool write);
  [[nodiscard]] FaultResult write_protected(Address address, PageTableEntry entry);
  [[nodiscard]] FaultResult swapped_page(const Area& area, Address address, PageTableEntry entry, bool write);

  GuestMemory& memory_;
  PageTables tables_;
  AreaList areas_;
  Address heap_start_{}, heap_end_{};
  std::uint32_t resident_ = 0, mapped_ = 0;
  std::uint32_t processors_ = 0;
  SpaceRing::Place place_;
  Address swap_address_{};  ///< where the next swap_out() goes on
};

}  // namespace xensim
