#include "models/memory/page_update.hpp"

#include <algorithm>

#include "models/memory/descriptor_tables.hpp"
#include "models/memory/page_validation.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t command_bits = 3, extended_bits = 0xff;

std::uint32_t code_of(const MemoryRules& rules, PageCommand command) {
  const auto found = std::find(rules.commands.begin(), rules.commands.end(), command);
  return static_cast<std::uint32_t>(found - rules.commands.begin());
}

/// One batch. What a request does not say itself is in the call.
class Batch {
 public:
  explicit Batch(const MemoryCall& call) : call_(call), machine_(call.machine), cpu_(call.cpu) {}

  [[nodiscard]] bool apply(PageRequest request) {
    const std::uint32_t address = request.pointer & ~command_bits;
    switch (machine_.rules.commands[request.pointer & command_bits]) {
      case PageCommand::normal:
        cpu_.work.did(MemoryStep::normal_request);
        return write(address, request.value);
      case PageCommand::m2p:
        cpu_.work.did(MemoryStep::m2p_request);
        return set_pseudo_physical(FrameNumber{address / page_size}, request.value);
      case PageCommand::extended:
        cpu_.work.did(MemoryStep::extended_request);
        return extended(address, request.value);
      case PageCommand::unchecked:
        cpu_.work.did(MemoryStep::unchecked_request);
        return write_unchecked(address, request.value);
    }
    return false;
  }

  /// Brings nearer what requests after the `at`-th will touch, a few at a time. Each address depends on the
  /// one before it: the frames they name, then the entry, then the frame that the entry names until now.
  /// Requests for one table need no help: their entries are neighbours, and the processor is ahead by itself.
  [[gnu::always_inline]] void prefetch(std::span<const PageRequest> requests, std::size_t at) const {
    constexpr std::size_t frames_ahead = 24, entry_ahead = 16, old_ahead = 8;
    const auto some = [&](std::size_t ahead, std::size_t count) {
      const std::size_t first = std::min(at + ahead, requests.size());
      return requests.subspan(first, std::min(count, requests.size() - first));
    };
    const auto all = some(old_ahead, frames_ahead + at_once - old_ahead);
    if (all.empty() || all.front().pointer / page_size == all.back().pointer / page_size) return;
    const auto few = [&](std::size_t ahead) { return some(ahead, at_once); };
    const FrameTable& frames = machine_.frames;
    for (const PageRequest& request : few(frames_ahead)) {
      frames.prefetch(FrameNumber{request.pointer / page_size});
      frames.prefetch(PageTableEntry{request.value}.frame());
    }
    if (machine_.rules.virtual_entries) return;
    const PhysicalMemory& contents = machine_.contents;
    for (const PageRequest& request : few(entry_ahead)) {
      contents.prefetch(FrameNumber{request.pointer / page_size}, request.pointer % page_size / 4);
    }
    for (const PageRequest& request : few(old_ahead)) {
      const FrameNumber table{request.pointer / page_size};
      if (!frames.exists(table)) continue;
      const PageTableEntry old{contents.load(table, request.pointer % page_size / 4)};
      if (old.has(PageTableEntry::present)) frames.prefetch(old.frame());
    }
  }
  static constexpr std::size_t at_once = 8;

  void end() {
    if (cpu_.flush_pending) {
      cpu_.flush_pending = false;
      cpu_.flush(MemoryStep::batch_flush);
    }
    if (cpu_.ldt_pending) {
      cpu_.ldt_pending = false;
      (void)map_ldt_page(call_, 0);  // if it cannot be, the guest's next use of it will fault
    }
  }

 private:
  [[nodiscard]] bool may_name(FrameNumber frame) const {
    return machine_.frames.exists(frame) && FrameTable::may_name(call_.domain, machine_.frames[frame]);
  }

  /// The frame of the word that a request names, which exists; invalid: there is none.
  [[nodiscard]] FrameNumber frame_at(std::uint32_t address) {
    FrameNumber frame{address / page_size};
    if (machine_.rules.virtual_entries) {
      frame = frame_mapped_at(Address{address});
    } else if (machine_.frames.exists(frame)) {
      cpu_.map();
    }
    return machine_.frames.exists(frame) ? frame : FrameNumber{};
  }
  [[nodiscard]] FrameNumber frame_mapped_at(Address address) {
    if (address >= guest_end) return {};
    if (!write_protection_off_) cpu_.work.did(MemoryStep::wp_toggle);
    write_protection_off_ = true;
    cpu_.work.did(MemoryStep::virtual_read);
    const auto place = place_of_entry(machine_.contents, call_.domain.base, address);
    if (!place) return {};
    const PageTableEntry mapping{machine_.contents.load(place->table, place->index)};
    return mapping.has(PageTableEntry::present) ? mapping.frame() : FrameNumber{};
  }

  [[nodiscard]] bool write(std::uint32_t address, std::uint32_t value) {
    const EntryPlace place{frame_at(address), address % page_size / 4};
    if (!place.table.valid()) return false;
    const Frame& frame = machine_.frames[place.table];
    if (!FrameTable::may_name(call_.domain, frame)) return false;
    if (frame.in_use_as(FrameType::l1)) return set_leaf_entry(call_, place, {value});
    if (frame.in_use_as(FrameType::l2)) return set_directory_entry(call_, place, {value});
    if (machine_.rules.plain_write_needs_no_type && frame.typed != 0) return false;
    cpu_.work.did(MemoryStep::plain_write);
    machine_.contents.store(place.table, place.index, value);
    return true;
  }

  [[nodiscard]] bool write_unchecked(std::uint32_t address, std::uint32_t value) {
    if (!call_.domain.privileged) return false;
    const FrameNumber frame = frame_at(address);
    if (!frame.valid()) return false;
    cpu_.work.did(MemoryStep::plain_write);
    machine_.contents.store(frame, address % page_size / 4, value);
    return true;
  }

  [[nodiscard]] bool set_pseudo_physical(FrameNumber frame, std::uint32_t page) {
    if (!may_name(frame)) return false;
    machine_.machine_to_physical[frame.value] = page;
    return true;
  }

  [[nodiscard]] bool extended(std::uint32_t address, std::uint32_t value) {
    const auto command = static_cast<ExtendedCommand>(value & extended_bits);
    const FrameNumber frame{address / page_size};
    if (command == ExtendedCommand::set_ldt) return set_ldt(call_, Address{address}, value >> 8);
    if (!machine_.frames.exists(frame)) return false;
    switch (command) {
      case ExtendedCommand::pin_l1:
        return pin(frame, FrameType::l1);
      case ExtendedCommand::pin_l2:
        return pin(frame, FrameType::l2);
      case ExtendedCommand::unpin:
        return unpin(frame);
      case ExtendedCommand::new_base:
        return switch_base(frame);
      case ExtendedCommand::tlb_flush:
        cpu_.flush_pending = true;
        return true;
      case ExtendedCommand::invalidate_page:
        cpu_.invalidate(Address{value & ~extended_bits});
        return true;
      case ExtendedCommand::set_ldt:
        break;
    }
    return false;
  }

  [[nodiscard]] bool pin(FrameNumber frame, FrameType type) {
    cpu_.work.did(MemoryStep::pin);
    if (!take_table(call_, frame, type)) return false;
    if (machine_.frames.pin(frame)) return true;
    drop_table(call_, frame, type);
    return false;
  }

  [[nodiscard]] bool unpin(FrameNumber frame) {
    cpu_.work.did(MemoryStep::unpin);
    if (!machine_.frames.unpin(frame, call_.domain)) return false;
    drop_table(call_, frame, machine_.frames[frame].type());
    return true;
  }

  [[nodiscard]] bool switch_base(FrameNumber frame) {
    cpu_.work.did(MemoryStep::base_switch);
    if (!take_table(call_, frame, FrameType::l2)) return false;
    if (call_.domain.base.valid()) drop_table(call_, call_.domain.base, FrameType::l2);
    call_.domain.base = frame;
    invalidate_ldt(call_);
    cpu_.flush_pending = true;
    return true;
  }

  const MemoryCall& call_;
  MachineMemory& machine_;
  MemoryCpu& cpu_;
  bool write_protection_off_ = false;
};

}  // namespace

PageRequest make_request(const MemoryRules& rules, PageCommand command, std::uint32_t pointer,
                         std::uint32_t value) {
  return {(pointer & ~command_bits) | code_of(rules, command), value};
}

PageRequest make_request(const MemoryRules& rules, ExtendedCommand command, std::uint32_t pointer,
                         std::uint32_t argument) {
  const std::uint32_t upper = command == ExtendedCommand::set_ldt ? argument << 8 : argument & ~extended_bits;
  return make_request(rules, PageCommand::extended, pointer, upper | static_cast<std::uint32_t>(command));
}

PageUpdateResult update_pages(const MemoryCall& call, std::span<const PageRequest> requests) {
  Batch batch(call);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i % Batch::at_once == 0) batch.prefetch(requests, i);
    if (batch.apply(requests[i])) continue;
    const HypercallStatus status = call.machine.rules.bad_request();
    if (status != HypercallStatus::killed) batch.end();
    return {status, i};
  }
  batch.end();
  return {HypercallStatus::done, requests.size()};
}

HypercallStatus update_va_mapping(const MemoryCall& call, std::uint32_t page, PageTableEntry entry,
                                  std::uint32_t flags) {
  MemoryCpu& cpu = call.cpu;
  cpu.work.did(MemoryStep::va_update);
  if (page >= guest_end.page()) return HypercallStatus::invalid;
  const Address address{page * page_size};
  const auto place = place_of_entry(call.machine.contents, call.domain.base, address);
  cpu.work.did(MemoryStep::virtual_read);
  if (!place) return HypercallStatus::bad_address;

  const PageTableEntry table{call.machine.contents.load(call.domain.base, address.directory_index())};
  if (!table.has(PageTableEntry::writable)) cpu.work.did(MemoryStep::wp_toggle);
  const bool accepted =
      call.machine.frames[place->table].in_use_as(FrameType::l1) && set_leaf_entry(call, *place, entry);
  if ((flags & va_flush_page) != 0) cpu.invalidate(address);
  if ((flags & va_flush_all) != 0) cpu.flush(MemoryStep::va_flush);
  return accepted ? HypercallStatus::done : call.machine.rules.bad_request();
}

}  // namespace xensim
