/// The page tables of one address space, walked as Linux 2.4.21 mm/memory.c does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/guest/memory/area.hpp"
#include "models/guest/memory/guest_memory.hpp"

namespace xensim {

/// A directory and the tables it names. Walks are O(pages of the range), regions (4 MB) without a table are
/// passed over at once. Nothing here flushes translations; what needs a table commits it.
class PageTables {
 public:
  static constexpr std::uint32_t regions = 768;  ///< of 4 MB, the user's part of a directory

  /// `directory` is an empty one; it goes back with this object. So must all tables, by free_tables().
  PageTables(GuestMemory& memory, PageNumber directory) : memory_(memory), directory_(directory) {}
  PageTables(const PageTables&) = delete;
  PageTables& operator=(const PageTables&) = delete;
  ~PageTables() { memory_.tables.release_directory(directory_); }

  [[nodiscard]] PageNumber directory() const { return directory_; }

  /// The table of the region that `address` lies in; empty: none.
  [[nodiscard]] std::optional<PageNumber> table(Address address) const {
    return table_of(address.directory_index());
  }
  /// The same, made if there is none. Empty: no memory.
  [[nodiscard]] std::optional<PageNumber> make_table(Address address);

  [[nodiscard]] PageTableEntry entry(Address address) const {
    const auto found = table(address);
    return found ? memory_.paging.entry(*found, address.table_index()) : PageTableEntry{};
  }
  /// There must be a table.
  void set(Address address, PageTableEntry entry) {
    memory_.paging.set_entry(*table(address), address.table_index(), entry);
  }

  /// Gives `child` the entries of an area as fork does: each page has one more reference, and what both could
  /// write in private neither may write any more. Adds the pages that are counted to `resident`. False: no
  /// memory for a table; what was copied until then stays.
  [[nodiscard]] bool copy_to(PageTables& child, const Area& area, std::uint32_t& resident) const;

  /// How far zap() came, and how many counted pages were resident.
  struct Zapped {
    Address reached;
    std::uint32_t resident = 0;
  };
  /// What swap_out() may still do, and has done.
  struct SwapOut {
    std::uint32_t wanted = 0;       ///< pages to be taken from processes
    std::uint32_t end_of_zone = 0;  ///< only pages below
    std::uint32_t taken = 0;
  };
  /// Takes pages that were not used lately out of the range: those that must be kept go to the swap cache.
  /// Others are marked as not used. Returns where it stopped because enough was taken; or the range's end.
  Address swap_out(AddressRange range, SwapOut& sweep, std::uint32_t processors);

  /// Empties the range, up to `limit` resident entries. Changed pages of files are marked so. References go
  /// at once, or are handed over in `detached` if others may still use the pages through stale translations.
  Zapped zap(AddressRange range, std::size_t limit = SIZE_MAX, std::vector<PageNumber>* detached = nullptr);

  /// filemap_sync: pages of files that were changed through entries of the range are marked so, the entries
  /// no longer; each translation that was is flushed (`processors` may hold it).
  void clean(AddressRange range, std::uint32_t processors);

  /// Gives all resident pages of the range the access that `flags` (AreaFlags) grant.
  void protect(AddressRange range, std::uint8_t flags);

  /// Tables of the regions [first, end) go; they must be empty.
  void free_tables(std::uint32_t first, std::uint32_t end);

  /// Adds the references that tables hold, and to the tables, to those in `references`, by page. Returns the
  /// counted resident pages.
  std::uint32_t count_references(std::vector<std::uint32_t>& references) const;
  /// The same for slots of the swap area.
  void count_slots(std::vector<std::uint32_t>& references) const;

 private:
  class Walk;

  [[nodiscard]] std::optional<PageNumber> table_of(std::uint32_t region) const {
    const PageTableEntry entry = memory_.paging.entry(directory_, region);
    if (!entry.has(PageTableEntry::present)) return {};
    return memory_.paging.page(entry.frame());
  }
  /// A page lost an entry that referred to it: passes dirtiness on. False if the page is not counted.
  bool left(PageNumber number, PageTableEntry entry) const {
    if (!memory_.pages.is_counted(number)) return false;
    Page& page = memory_.pages[number];
    if (entry.has(PageTableEntry::dirty) && page.file != nullptr) set_dirty(page);
    return true;
  }
  /// set_page_dirty of a page of a file.
  void set_dirty(Page& page) const;
  /// try_to_swap_out of one page that is mapped here. False: it stays.
  bool swap_out_page(std::uint32_t index, PageNumber table, Address address, std::uint32_t processors);

  GuestMemory& memory_;
  PageNumber directory_;
};

}  // namespace xensim
