/// What a guest kernel needs from what is under it to manage memory.
#pragma once

#include <cstdint>
#include <span>

#include "models/guest/memory/kernel_memory.hpp"
#include "models/memory/page_table.hpp"
#include "models/memory/physical_memory.hpp"

namespace xensim {

/// The kernel's own mapping of its memory: all of it, or as far as address space goes.
inline constexpr Address kernel_base{0xc0000000};
[[nodiscard]] constexpr Address kernel_address(PageNumber page) {
  return {kernel_base.value + page.value * page_size};
}

/// A new value for one entry of a table.
struct EntryUpdate {
  std::uint32_t index = 0;
  PageTableEntry entry;
};

/// Page tables as a kernel writes them: at once on bare hardware, as queued requests under a monitor
/// (XenoLinux 2.4 arch/xeno/mm). Tables and directories are named by the page that holds them. Calls charge
/// their time to the processor they are made on. Leaf and directory entries hold machine frames.
///
/// Reads see what is in effect: a queued write does not show until it is committed. Writes take effect in the
/// order they were made, and may do so before they are committed.
class Paging {
 public:
  Paging(const Paging&) = delete;
  Paging& operator=(const Paging&) = delete;
  virtual ~Paging() = default;

  /// Who is told of the kernel's own accesses to pages; null: nobody any more.
  void tell(KernelMemory* user) { user_ = user; }

  [[nodiscard]] FrameNumber frame(PageNumber page) const { return frames_[page.value]; }  ///< P2M
  /// M2P; invalid if the frame is not the guest's.
  [[nodiscard]] PageNumber page(FrameNumber frame) const {
    if (frame.value >= pages_.size()) return {};
    const PageNumber page{pages_[frame.value]};
    return page.value < frames_.size() && frames_[page.value] == frame ? page : PageNumber{};
  }

  /// A zeroed page becomes a page table or a directory: under a monitor mapped read-only and pinned. A new
  /// directory gets the kernel's part filled in.
  virtual void make_table(PageNumber table) = 0;
  virtual void make_directory(PageNumber directory) = 0;
  /// It becomes an ordinary page again, its contents zero.
  virtual void unmake_table(PageNumber table) = 0;
  virtual void unmake_directory(PageNumber directory) = 0;

  /// All entries of a table or a directory, as they are and will be until it is unmade; null if none was ever
  /// set.
  [[nodiscard]] const PhysicalMemory::Words* entries(PageNumber table) const {
    return memory_.contents(frame(table));
  }
  [[nodiscard]] PageTableEntry entry(PageNumber table, std::uint32_t index) const {
    return {memory_.load(frame(table), index)};
  }
  virtual void set_entries(PageNumber table, std::span<const EntryUpdate> updates) = 0;
  void set_entry(PageNumber table, std::uint32_t index, PageTableEntry entry) {
    const EntryUpdate update{index, entry};
    set_entries(table, {&update, 1});
  }
  virtual void set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) = 0;

  /// What was queued takes effect now. True if anything was; never on bare hardware.
  virtual bool commit() = 0;
  /// All translations of the address space (its directory), or one, are stale on this processor, if it uses
  /// the address space, and on the others that `processors` has a bit for. Implies commit().
  virtual void flush(PageNumber directory, std::uint32_t processors) = 0;
  virtual void flush_page(PageNumber directory, Address address, std::uint32_t processors) = 0;

  /// Contents of ordinary pages, as far as anything looks at them.
  void zero(PageNumber page) {
    about_to_write(page);
    used(page, Access::write);
    memory_.clear(frame(page));
  }
  /// Pages below it are in the kernel's own mapping (low memory).
  [[nodiscard]] virtual std::uint32_t mapped_pages() const {
    return static_cast<std::uint32_t>(frames_.size());
  }

  /// Null if all are zero.
  [[nodiscard]] const PhysicalMemory::Words* contents(PageNumber page) const {
    return memory_.contents(frame(page));
  }
  void fill(PageNumber page, const PhysicalMemory::Words& words) {
    about_to_write(page);
    memory_.words(frame(page)) = words;
  }
  void copy(PageNumber from, PageNumber to) {
    about_to_write(to);
    used(from, Access::read);
    used(to, Access::write);
    if (const PhysicalMemory::Words* words = memory_.contents(frame(from))) {
      memory_.words(frame(to)) = *words;
    } else {
      memory_.clear(frame(to));
    }
  }

 protected:
  explicit Paging(PhysicalMemory& memory) : memory_(memory) {}

  /// The kernel writes to an ordinary page, which may have been a table until queued requests take effect.
  virtual void about_to_write(PageNumber /*page*/) {}
  /// The kernel uses a page through its own mapping.
  void used(PageNumber page, Access access) {
    if (user_ != nullptr) user_->kernel_fills(page, access);
  }

  PhysicalMemory& memory_;
  std::span<const FrameNumber> frames_;   ///< by page: the guest's own; set by the implementation
  std::span<const std::uint32_t> pages_;  ///< by frame: of the whole machine, whoever owns it

 private:
  KernelMemory* user_ = nullptr;
};

}  // namespace xensim
