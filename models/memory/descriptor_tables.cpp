#include "models/memory/descriptor_tables.hpp"

#include <algorithm>

namespace xensim {
namespace {

bool is_guest_selector(std::uint16_t selector) {
  constexpr std::uint16_t local = 4;
  const std::uint32_t index = selector >> 3;
  const bool reserved = index >= first_reserved_descriptor && index <= last_reserved_descriptor;
  return ring_of(selector) == 1 && ((selector & local) != 0 || !reserved);
}

SegmentDescriptor load_descriptor(const PhysicalMemory& contents, FrameNumber frame, std::uint32_t index) {
  return {contents.load(frame, 2 * index), contents.load(frame, 2 * index + 1)};
}

/// All descriptors of a frame, up to the first that will not do.
bool check_frame(const MemoryCall& call, FrameNumber frame) {
  call.cpu.map();
  for (std::uint32_t i = 0; i < descriptors_per_frame; ++i) {
    call.cpu.work.did(MemoryStep::descriptor_checked);
    if (!acceptable(load_descriptor(call.machine.contents, frame, i))) return false;
  }
  return true;
}

bool owns(const MemoryCall& call, FrameNumber frame) {
  return call.machine.frames.exists(frame) && call.machine.frames[frame].owner() == call.domain.id;
}

void store_reserved_descriptors(PhysicalMemory& contents, FrameNumber frame) {
  for (std::uint32_t i = first_reserved_descriptor; i <= last_reserved_descriptor; ++i) {
    const SegmentDescriptor d = reserved_descriptor(i);
    contents.store(frame, 2 * i, d.low);
    contents.store(frame, 2 * i + 1, d.high);
  }
}

}  // namespace

SegmentDescriptor reserved_descriptor(std::uint32_t index) {
  constexpr std::uint32_t guest_limit = (private_area.value >> 12) - 1, whole = 0xfffff;
  const auto flat = [](std::uint32_t limit, std::uint32_t access) {
    constexpr std::uint32_t in_pages_32_bit = 0x00c00000;
    return SegmentDescriptor{limit & 0xffff, in_pages_32_bit | (limit & 0xf0000) | access << 8};
  };
  constexpr std::uint32_t first_flat = 257;
  const std::array flats{flat(whole, 0x9a),       flat(whole, 0x92),       flat(guest_limit, 0xba),
                         flat(guest_limit, 0xb2), flat(guest_limit, 0xfa), flat(guest_limit, 0xf2)};
  const bool known = index >= first_flat && index - first_flat < flats.size();
  return known ? flats[index - first_flat] : SegmentDescriptor{};
}

bool is_code_selector(std::uint16_t selector) {
  return selector == flat_kernel_code || is_guest_selector(selector);
}

bool is_data_selector(std::uint16_t selector) {
  return selector == flat_kernel_data || is_guest_selector(selector);
}

bool acceptable(SegmentDescriptor d) {
  using Bits = SegmentDescriptor;
  if (!d.has(Bits::present)) return true;
  if ((d.high & Bits::privilege) == 0) return false;
  if (!d.has(Bits::code_or_data)) {
    constexpr std::uint32_t type = 0xf00, call_gate = 0xc00, gate_reserved = 0xe0;
    return (d.high & type) == call_gate && (d.high & gate_reserved) == 0 &&
           is_code_selector(static_cast<std::uint16_t>(d.low >> 16));
  }
  // Stricter than the code of 2003: an expand-down segment reaches from its limit up, past the guest's end.
  const bool down = d.has(Bits::expand_down) && !d.has(Bits::code);
  return std::uint64_t{d.base()} + (down ? d.highest() : d.limit()) < private_area.value;
}

HypercallStatus set_gdt(const MemoryCall& call, std::span<const FrameNumber> frames, std::uint32_t entries) {
  if (entries <= last_reserved_descriptor || entries > most_descriptors) return HypercallStatus::invalid;
  const std::size_t needed = (entries + descriptors_per_frame - 1) / descriptors_per_frame;
  if (frames.size() < needed) return HypercallStatus::bad_address;
  frames = frames.first(needed);
  FrameTable& table = call.machine.frames;
  for (const FrameNumber frame : frames) {
    if (!owns(call, frame)) return HypercallStatus::invalid;
    if (table[frame].type() == FrameType::gdt) continue;
    if (table[frame].typed != 0) return HypercallStatus::invalid;
    const FrameNumber read = call.machine.rules.gdt_check_reads_first_frame ? frames.front() : frame;
    if (!check_frame(call, read)) return HypercallStatus::invalid;
  }

  drop_gdt(call);
  for (std::size_t i = 0; i < needed; ++i) {
    call.cpu.work.did(MemoryStep::gdt_slot);
    table.take_descriptors(frames[i], FrameType::gdt);
    call.domain.gdt[i] = frames[i];
  }
  call.domain.gdt_entries = entries;
  call.cpu.work.did(MemoryStep::gdt_install);
  call.cpu.flush(MemoryStep::descriptor_flush);
  store_reserved_descriptors(call.machine.contents, frames.front());
  return HypercallStatus::done;
}

void drop_gdt(const MemoryCall& call) {
  for (FrameNumber& slot : call.domain.gdt) {
    if (!slot.valid()) continue;
    call.cpu.work.did(MemoryStep::gdt_slot);
    call.machine.frames.let_go_typed(slot);
    slot = {};
  }
  call.domain.gdt_entries = 0;
}

HypercallStatus update_descriptor(const MemoryCall& call, std::uint32_t address,
                                  SegmentDescriptor descriptor) {
  const FrameNumber frame{address / page_size};
  if (address % 8 != 0 || !owns(call, frame) || !acceptable(descriptor)) return HypercallStatus::invalid;
  const Frame& f = call.machine.frames[frame];
  const std::uint32_t index = address % page_size / 8;
  switch (f.type()) {
    case FrameType::gdt:
      if (frame == call.domain.gdt[0] && index >= first_reserved_descriptor &&
          index <= last_reserved_descriptor) {
        return HypercallStatus::invalid;
      }
      break;
    case FrameType::ldt:
    case FrameType::writable:
      break;
    default:
      if (f.typed != 0) return HypercallStatus::invalid;
  }
  call.cpu.map();
  call.cpu.work.did(MemoryStep::descriptor_write);
  call.machine.contents.store(frame, 2 * index, descriptor.low);
  call.machine.contents.store(frame, 2 * index + 1, descriptor.high);
  return HypercallStatus::done;
}

HypercallStatus stack_switch(const MemoryCall& call, std::uint16_t selector, std::uint32_t pointer) {
  if (!is_data_selector(selector)) return HypercallStatus::not_permitted;
  call.domain.kernel_stack = {.selector = selector, .pointer = pointer};
  call.cpu.work.did(MemoryStep::stack_switch);
  return HypercallStatus::done;
}

bool set_ldt(const MemoryCall& call, Address base, std::uint32_t entries) {
  const std::uint64_t end = std::uint64_t{base.value} + std::uint64_t{entries} * 8;
  if (base.value % page_size != 0 || entries > most_descriptors || end > private_area.value) return false;
  MemoryDomain::LocalTable& ldt = call.domain.ldt;
  if (ldt.base == base && ldt.entries == entries) return true;
  if (ldt.entries != 0) {
    invalidate_ldt(call);
    call.cpu.flush_pending = true;
  }
  ldt.base = base;
  ldt.entries = entries;
  call.cpu.work.did(MemoryStep::ldt_change);
  call.cpu.ldt_pending = call.machine.rules.preload_ldt && entries != 0;
  return true;
}

bool map_ldt_page(const MemoryCall& call, std::uint32_t offset) {
  MemoryDomain::LocalTable& ldt = call.domain.ldt;
  if (offset >= ldt.entries * 8) return false;
  FrameNumber& slot = ldt.slots[offset / page_size];
  if (slot.valid()) return false;  // mapped already: the fault had another reason

  const PhysicalMemory& contents = call.machine.contents;
  const Address address{ldt.base.value + offset / page_size * page_size};
  const auto place = place_of_entry(contents, call.domain.base, address);
  if (!place) return false;
  const PageTableEntry entry{contents.load(place->table, place->index)};
  if (!entry.has(PageTableEntry::present) || !owns(call, entry.frame())) return false;
  const Frame& frame = call.machine.frames[entry.frame()];
  if (frame.type() != FrameType::ldt) {
    if (frame.typed != 0 || !check_frame(call, entry.frame())) return false;
    if (frame.need_flush != 0) {
      call.cpu.work.did(MemoryStep::stale_retype);
      call.cpu.flush(MemoryStep::descriptor_flush);
    }
  }
  call.machine.frames.take_descriptors(entry.frame(), FrameType::ldt);
  slot = entry.frame();
  ++ldt.mapped;
  call.cpu.work.did(MemoryStep::ldt_page_mapped);
  return true;
}

void invalidate_ldt(const MemoryCall& call) {
  MemoryDomain::LocalTable& ldt = call.domain.ldt;
  if (ldt.mapped == 0) return;
  for (FrameNumber& slot : ldt.slots) {
    if (!slot.valid()) continue;
    call.machine.frames.let_go_typed(slot);
    slot = {};
  }
  ldt.mapped = 0;
  call.cpu.work.did(MemoryStep::ldt_invalidation);
  if (call.machine.rules.preload_ldt) call.cpu.ldt_pending = true;
}

}  // namespace xensim
