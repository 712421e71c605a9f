/// One stretch of an address space that is mapped alike (vm_area_struct).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "models/guest/memory/mapped_file.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// Linear addresses from `start` up to, but not including, `end`; both at page boundaries.
struct AddressRange {
  Address start, end;

  constexpr bool operator==(const AddressRange&) const = default;
  [[nodiscard]] constexpr std::uint32_t pages() const { return (end.value - start.value) >> 12; }
  [[nodiscard]] constexpr bool holds(Address address) const { return start <= address && address < end; }
  [[nodiscard]] constexpr bool overlaps(const AddressRange& other) const {
    return start < other.end && other.start < end;
  }
  /// The part within `other`, which it overlaps.
  [[nodiscard]] constexpr AddressRange within(const AddressRange& other) const {
    return {std::max(start, other.start), std::min(end, other.end)};
  }
};

[[nodiscard]] constexpr Address page_floor(Address address) { return {address.value & ~(page_size - 1)}; }
/// `address` must lie below the last page.
[[nodiscard]] constexpr Address page_ceiling(Address address) {
  return page_floor({address.value + page_size - 1});
}

/// What an area allows and how it came about.
struct AreaFlags {
  static constexpr std::uint8_t read = 1, write = 2, execute = 4,
                                shared = 8,  ///< changes go to the file, not to a private copy
      grows_down = 16,                       ///< a stack
      not_forked = 32;                       ///< children do not get it
  static constexpr std::uint8_t protection = read | write | execute;
};

struct Area {
  AddressRange range;
  std::uint8_t flags = 0;              ///< AreaFlags
  std::shared_ptr<MappedFile> file{};  ///< null: anonymous
  std::uint32_t file_page = 0;         ///< that the area begins with

  [[nodiscard]] bool has(std::uint8_t wanted) const { return (flags & wanted) == wanted; }
  [[nodiscard]] bool has_any(std::uint8_t wanted) const { return (flags & wanted) != 0; }
  /// The area is written through copies of its own.
  [[nodiscard]] bool copies_on_write() const { return !has(AreaFlags::shared); }
  [[nodiscard]] std::uint32_t file_page_of(Address address) const {
    return file_page + (address.page() - range.start.page());
  }
};

/// A page that is resident but may not be touched (PROT_NONE): the processor sees no entry.
inline constexpr std::uint32_t untouchable = PageTableEntry::large;
[[nodiscard]] constexpr bool is_resident(PageTableEntry entry) {
  return entry.has_any(PageTableEntry::present | untouchable);
}

/// The bits of an entry as first set for a page of the area: private pages are read-only until written.
[[nodiscard]] constexpr std::uint32_t entry_bits(std::uint8_t flags) {
  using Entry = PageTableEntry;
  if ((flags & AreaFlags::protection) == 0) return untouchable | Entry::accessed;
  constexpr std::uint8_t written_in_place = AreaFlags::write | AreaFlags::shared;
  const std::uint32_t readable = Entry::present | Entry::user | Entry::accessed;
  return (flags & written_in_place) == written_in_place ? readable | Entry::writable : readable;
}

}  // namespace xensim
