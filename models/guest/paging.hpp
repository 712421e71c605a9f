/// What a guest kernel needs from what is under it to manage memory.
#pragma once

#include <cstdint>

#include "core/ids.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

using PageNumber = Id<struct PageTag>;  ///< a page of what a guest takes for physical memory

/// Page tables as a kernel writes them: at once on bare hardware, as queued requests under a monitor
/// (XenoLinux 2.4 arch/xeno/mm). Tables and directories are named by the page that holds them. Calls charge
/// their time to the processor they are made on. Leaf and directory entries hold machine frames.
class Paging {
 public:
  Paging() = default;
  Paging(const Paging&) = delete;
  Paging& operator=(const Paging&) = delete;
  virtual ~Paging() = default;

  [[nodiscard]] virtual FrameNumber frame(PageNumber page) const = 0;  ///< P2M
  [[nodiscard]] virtual PageNumber page(FrameNumber frame) const = 0;  ///< M2P; invalid if not the guest's

  /// A zeroed page becomes a page table or a directory: under a monitor mapped read-only and pinned. A new
  /// directory gets the kernel's part filled in.
  virtual void make_table(PageNumber table) = 0;
  virtual void make_directory(PageNumber directory) = 0;
  /// It becomes an ordinary page again, its contents zero.
  virtual void unmake_table(PageNumber table) = 0;
  virtual void unmake_directory(PageNumber directory) = 0;

  /// Reads what was written last, queued or not.
  [[nodiscard]] virtual PageTableEntry entry(PageNumber table, std::uint32_t index) const = 0;
  virtual void set_entry(PageNumber table, std::uint32_t index, PageTableEntry entry) = 0;
  virtual void set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) = 0;

  /// What was queued takes effect now. Nothing on bare hardware.
  virtual void commit() = 0;
  /// All translations of the address space (its directory), or one, are stale on this processor and those
  /// that `others` has a bit for. Implies commit().
  virtual void flush(PageNumber directory, std::uint32_t others) = 0;
  virtual void flush_page(PageNumber directory, Address address, std::uint32_t others) = 0;
};

}  // namespace xensim
