#include "models/memory/walker.hpp"

#include <fmt/format.h>

#include <string_view>

namespace xensim {
namespace {

using Entry = PageTableEntry;

constexpr std::uint32_t rights = Entry::writable | Entry::user;
/// Of a directory entry that maps 4 MB: bits 16 to 13 are bits 35 to 32 of the address.
constexpr std::uint32_t large_frame_mask = 0xffc00000, high_address_mask = 0x0001e000,
                        reserved_mask = 0x003e0000;

/// What a read of memory gives, or of where there is none.
Entry read(const PhysicalMemory& memory, FrameNumber frame, std::uint32_t index) {
  return {frame.value < memory.frames() ? memory.load(frame, index) : UINT32_MAX};
}

/// Sets flags that an entry lacks, in memory if there is any. Returns whether it lacked them.
bool mark(PhysicalMemory& memory, FrameNumber frame, std::uint32_t index, Entry entry, std::uint32_t flags) {
  if (entry.has(flags)) return false;
  if (frame.value < memory.frames()) memory.store(frame, index, entry.with(flags).bits);
  return true;
}

/// Of a present entry.
bool maps_large_page(Entry entry, const PagingControl& control) {
  return entry.has(Entry::large) && control.large_pages;
}

FrameNumber large_frame(Entry entry) {
  return {(entry.bits & large_frame_mask) >> 12 | (entry.bits & high_address_mask) << 7};
}

/// `rights_above`: those of the directory entry.
Translation translation_of(Entry page, std::uint32_t rights_above, const PagingControl& control) {
  const std::uint32_t kept = control.global_pages ? Entry::dirty | Entry::global : Entry::dirty;
  return {.frame = page.frame(), .flags = page.bits & ((rights_above & rights) | kept)};
}

Translation large_translation_of(Entry page, const PagingControl& control) {
  Translation translation = translation_of(page, rights, control);
  translation.frame = large_frame(page);
  translation.flags |= Entry::large;
  return translation;
}

/// Empty, or how `cached` goes beyond what the tables say of `page`.
std::string excess(const Tlb::Entry& cached, FrameNumber directory, const PhysicalMemory& memory,
                   const PagingControl& control) {
  const auto& [page, translation] = cached;
  const Entry upper = read(memory, directory, page.directory_index());
  if (!upper.has(Entry::present)) return "no table maps it";
  Translation current;
  if (maps_large_page(upper, control)) {
    if (upper.has_any(reserved_mask)) return "its directory entry has reserved bits set";
    current = large_translation_of(upper, control);
  } else {
    if (translation.has(Entry::large)) return "it is not a 4 MB page";
    const Entry lower = read(memory, upper.frame(), page.table_index());
    if (!lower.has(Entry::present)) return "its table does not map it";
    current = translation_of(lower, upper.bits, control);
  }
  if (current.frame_of(page) != translation.frame) {
    return fmt::format("the tables map it to frame {:#x}", current.frame_of(page).value);
  }
  const std::uint32_t more = translation.flags & ~current.flags;
  if ((more & Entry::writable) != 0) return "the tables do not let it be written";
  if ((more & Entry::user) != 0) return "the tables do not let users have it";
  if ((more & Entry::dirty) != 0) return "the tables have it clean";
  if ((more & Entry::global) != 0) return "the tables do not have it global";
  return {};
}

}  // namespace

[[gnu::noinline]] const Translation* Mmu::fault(Address address, std::uint32_t required,
                                                std::uint32_t cause) {
  ++counts_.faults;
  if ((required & Entry::dirty) != 0) cause |= PageFault::write;
  if ((required & Entry::user) != 0) cause |= PageFault::user;
  fault_ = {.address = address, .error_code = cause};
  return nullptr;
}

const Translation* Mmu::resolve(Tlb& tlb, Address address, std::uint32_t required, FrameNumber directory,
                                PhysicalMemory& memory) {
  if (found_ != nullptr) {
    const bool allowed = found_->has(required & rights);
    tlb.drop(address);
    if (!allowed) return fault(address, required, PageFault::present);
  }

  ++counts_.walks;
  FrameNumber frame = directory;
  std::uint32_t index = address.directory_index();
  Entry entry = read(memory, frame, index);
  if (!entry.has(Entry::present)) return fault(address, required, 0);
  Translation translation;
  if (maps_large_page(entry, control_)) {
    if (entry.has_any(reserved_mask)) {
      return fault(address, required, PageFault::present | PageFault::reserved);
    }
    translation = large_translation_of(entry, control_);
  } else {
    if (mark(memory, frame, index, entry, Entry::accessed)) ++counts_.accessed_set;
    const std::uint32_t rights_above = entry.bits;
    frame = entry.frame();
    index = address.table_index();
    ++counts_.tables_read;
    entry = read(memory, frame, index);
    if (!entry.has(Entry::present)) return fault(address, required, 0);
    translation = translation_of(entry, rights_above, control_);
  }
  if (!translation.has(required & rights)) return fault(address, required, PageFault::present);

  const std::uint32_t made_dirty = required & Entry::dirty;
  if (mark(memory, frame, index, entry, Entry::accessed | made_dirty)) {
    if (!entry.has(Entry::accessed)) ++counts_.accessed_set;
    if (!entry.has(made_dirty)) ++counts_.dirty_set;
  }
  translation.flags |= made_dirty;
  return &tlb.insert(address, translation);
}

void Mmu::switch_to(AddressSpaceId space) {
  data_.switch_to(space);
  instruction_.switch_to(space);
}

void Mmu::flush(FlushScope scope) {
  data_.flush(scope);
  instruction_.flush(scope);
}

void Mmu::flush_page(Address address) {
  data_.flush_page(address);
  instruction_.flush_page(address);
}

void Mmu::set_control(const PagingControl& control) {
  if (control.large_pages != control_.large_pages || control.global_pages != control_.global_pages) {
    flush(FlushScope::everything);
  }
  control_ = control;
}

std::string Mmu::audit(FrameNumber directory, const PhysicalMemory& memory,
                       const std::function<bool(Address)>& excused) const {
  const auto check = [&](const Tlb& tlb, std::string_view name) -> std::string {
    for (const Tlb::Entry& entry : tlb.visible()) {
      const std::string why = excess(entry, directory, memory, control_);
      if (why.empty() || (excused && excused(entry.page))) continue;
      return fmt::format("the {} TLB has address {:#010x} in frame {:#x}, but {}", name, entry.page.value,
                         entry.translation.frame.value, why);
    }
    return {};
  };
  std::string wrong = check(data_, "data");
  return wrong.empty() ? check(instruction_, "instruction") : wrong;
}

}  // namespace xensim
