/// How arbitrary words become the arguments that a hostile guest would choose.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/cpu/traps/domain_traps.hpp"
#include "tests/models/memory/memory_bench.hpp"

namespace xensim::test {

/// Four arbitrary words; what they mean depends on what is there.
struct Step {
  std::uint32_t what = 0, a = 0, b = 0, c = 0;
};

struct AdversaryGuest {
  MemoryDomain domain;
  FrameNumber shared;                      ///< with the monitor
  std::vector<FrameNumber> own{};          ///< at first in the order of the image
  std::vector<FrameNumber> in_transfer{};  ///< a device under way refers to them
  std::vector<PageRequest> queue{};
  DomainTraps traps{};
  EventMask events{};
};

/// The choices of one guest, biased towards frames and entries where something is to be had.
class AdversaryChoices {
 public:
  /// So many pages has the guest's image, and so many of them are mapped, some more read-only.
  static constexpr std::uint32_t pages = 24, mapped = 9, mapped_read_only = 4;

  AdversaryChoices(const MachineMemory& machine, const AdversaryGuest& guest)
      : machine_(machine), guest_(guest) {}

  /// Most guests want to live: of a few requests, the first that is not refused at first sight. What frames
  /// contain, and what requests queued before it do, it cannot see.
  [[nodiscard]] PageRequest careful_request(Step step, std::uint32_t kind) const {
    PageRequest request = any_request(step, kind);
    if (step.c % (machine_.rules.bad_request_kills ? 64 : 4) == 0) return request;
    for (int attempt = 0; attempt < 8 && !plausible(request); ++attempt) {
      step.a = scramble(step.a), step.b = scramble(step.b), step.c = scramble(step.c);
      request = any_request(step, kind);
    }
    return request;
  }

  [[nodiscard]] FrameNumber any_own(std::uint32_t word) const {
    const auto count = static_cast<std::uint32_t>(guest_.own.size());
    return guest_.own[word % 2 == 0 ? word / 2 % std::min(6U, count) : word / 2 % count];
  }

  [[nodiscard]] FrameNumber any_frame(std::uint32_t word) const {
    const std::uint32_t rest = word / 64;
    switch (word % 64) {
      case 0:
        return guest_.shared;
      case 1:
        return machine_.frames.free().first;
      case 2:
      case 3:
        return {rest % (machine_.frames.size() + 2)};
      case 4:
        return {rest};
      case 5:
      case 6:
        return guest_.domain.base;
      default:
        return any_own(rest);
    }
  }
  /// One that may be used as `type`, if that is found soon.
  [[nodiscard]] FrameNumber any_frame_for(FrameType type, std::uint32_t word) const {
    FrameNumber frame = any_frame(word);
    for (int attempt = 0; attempt < 8 && !could_become(frame, type); ++attempt) {
      word = scramble(word);
      frame = any_frame(word);
    }
    return frame;
  }

  [[nodiscard]] static std::uint32_t any_index(std::uint32_t word) {
    constexpr std::array special{768U, 769U, 0U, 1007U, 1008U, 1023U, 1U, 2U};
    return word % 16 < special.size() ? special[word % 16] : word / 16 % pages;
  }

  [[nodiscard]] PageTableEntry any_entry(std::uint32_t word) const {
    using E = PageTableEntry;
    constexpr std::array flags{E::present | E::writable,
                               E::present | E::writable | E::user,
                               E::present,
                               E::present | E::user,
                               E::present | E::accessed,
                               0U,
                               E::writable,
                               E::present | E::writable | E::global,
                               E::present | E::large};
    return {any_frame(word / 16).value << 12 | flags[word % 16 % flags.size()]};
  }

  /// Where the image is mapped, somewhere in a directory seen as a table, or anywhere.
  [[nodiscard]] static std::uint32_t any_address(std::uint32_t word) {
    const std::uint32_t rest = word / 16;
    if (word % 16 == 0) return rest << 12;
    if (word % 16 < 3) return any_index(rest) << 22 | any_index(rest / 512) << 12;
    if (word % 16 < 8) return DomainImage::address_of(mapped + rest % mapped_read_only).value;
    return DomainImage::address_of(rest % pages).value;
  }

  [[nodiscard]] static SegmentDescriptor any_descriptor(const Step& step) {
    constexpr std::uint32_t ring1_data = 0x00cfb200, present = 0x8000;
    switch (step.b % 4) {
      case 0:
        return {0x0000ffff, ring1_data};  // all 4 GB
      case 1:
        return {0x0000c3ff, ring1_data};  // up to the monitor's private area
      case 2:
        return {step.a, step.b & ~present};
      default:
        return {step.a, step.c};
    }
  }

 private:
  [[nodiscard]] static std::uint32_t scramble(std::uint32_t word) {
    word = (word ^ word >> 16 ^ 0x9e3779b9) * 0x85ebca6b;
    return word ^ word >> 13;
  }

  [[nodiscard]] PageRequest any_request(const Step& step, std::uint32_t kind) const {
    const MemoryRules& rules = machine_.rules;
    if (kind == 0 && step.c % 8 == 1) return {step.a, step.b};
    if (kind == 0 && step.c % 8 == 2) return make_request(rules, PageCommand::unchecked, step.a, step.b);
    if (kind == 1) return make_request(rules, PageCommand::m2p, any_frame(step.a).value << 12, step.b);
    if (kind < 14) return any_extended(step);

    // Usually something in a table or directory that is in use: all of it, or one bit of what is there.
    std::uint32_t page = step.a / 16 % pages;
    for (std::uint32_t i = 0; i < pages && step.a % 16 > 1 && !is_table(page); ++i) page = (page + 1) % pages;
    std::uint32_t pointer = DomainImage::address_of(page).value;
    if (!rules.virtual_entries) pointer = page < guest_.own.size() ? guest_.own[page].value << 12 : 0;
    if (step.a % 16 == 0) {
      pointer = rules.virtual_entries ? any_address(step.a / 16) : any_frame(step.a / 16).value << 12;
    }
    pointer = (pointer & PageTableEntry::frame_mask) + any_index(step.c / 64) * 4;
    const auto place = place_of(pointer);
    PageTableEntry entry = any_entry(step.b / 16);
    if (place && step.b % 16 < 3)
      entry.bits = machine_.contents.load(place->table, place->index) ^ 1U << step.b % 16 % 3;
    if (place && step.b % 16 == 3) entry = PageTableEntry::to(place->table, entry.bits & 7);
    return make_request(rules, PageCommand::normal, pointer, entry.bits);
  }

  [[nodiscard]] PageRequest any_extended(const Step& step) const {
    const auto command = static_cast<ExtendedCommand>(step.b % 32 < 9 ? step.b % 32 : step.b % 5);
    if (command == ExtendedCommand::set_ldt) {
      return make_request(machine_.rules, command, any_address(step.a), step.b / 32 % 2 == 0 ? 1024 : step.c);
    }
    return make_request(machine_.rules, command, any_frame(step.a).value << 12, any_address(step.c));
  }

  [[nodiscard]] bool is_table(std::uint32_t page) const {
    if (page >= guest_.own.size()) return false;
    const Frame& frame = machine_.frames[guest_.own[page]];
    return frame.in_use_as(FrameType::l1) || frame.in_use_as(FrameType::l2);
  }
  [[nodiscard]] bool owns(FrameNumber frame) const {
    return machine_.frames.exists(frame) && machine_.frames[frame].owner() == guest_.domain.id;
  }
  [[nodiscard]] bool could_become(FrameNumber frame, FrameType type) const {
    if (!owns(frame)) return false;
    const Frame& f = machine_.frames[frame];
    return f.typed == 0 || f.type() == type;
  }

  /// Of the word that the rules have a pointer name.
  [[nodiscard]] std::optional<EntryPlace> place_of(std::uint32_t pointer) const {
    EntryPlace place{{pointer / page_size}, pointer % page_size / 4};
    if (machine_.rules.virtual_entries) {
      const auto mapping = place_of_entry(machine_.contents, guest_.domain.base, Address{pointer});
      if (!mapping) return {};
      place.table = PageTableEntry{machine_.contents.load(mapping->table, mapping->index)}.frame();
    }
    if (!machine_.frames.exists(place.table)) return {};
    return place;
  }

  [[nodiscard]] bool plausible(PageRequest request) const {
    const PageCommand command = machine_.rules.commands[request.pointer % 4];
    const FrameNumber frame{request.pointer / page_size};
    if (command == PageCommand::normal) return plausible_entry(request);
    if (command == PageCommand::m2p) return owns(frame);
    if (command != PageCommand::extended) return false;
    switch (static_cast<ExtendedCommand>(request.value % 256)) {
      case ExtendedCommand::pin_l1:
        return could_become(frame, FrameType::l1) && machine_.frames[frame].pinned == 0;
      case ExtendedCommand::pin_l2:
        return could_become(frame, FrameType::l2) && machine_.frames[frame].pinned == 0;
      case ExtendedCommand::unpin:
        return owns(frame) && machine_.frames[frame].pinned != 0;
      case ExtendedCommand::new_base:  // and go on to have its tables mapped
        return could_become(frame, FrameType::l2) &&
               machine_.contents.load(frame, kernel_base.directory_index()) != 0;
      case ExtendedCommand::tlb_flush:
      case ExtendedCommand::invalidate_page:
        return machine_.frames.exists(frame);
      case ExtendedCommand::set_ldt:
        return true;
    }
    return false;
  }

  [[nodiscard]] bool plausible_entry(PageRequest request) const {
    using E = PageTableEntry;
    const auto place = place_of(request.pointer);
    if (!place || !owns(place->table)) return false;
    const Frame& table = machine_.frames[place->table];
    const E entry{request.value};
    const bool leaf = table.in_use_as(FrameType::l1), directory = table.in_use_as(FrameType::l2);
    if (!leaf && !directory) return table.typed == 0 || !machine_.rules.plain_write_needs_no_type;
    if (directory && place->index >= guest_directory_entries) return false;
    if (!entry.has(E::present)) return true;
    if (entry.has_any(E::global | E::large)) return false;
    if (leaf)
      return entry.has(E::writable) ? could_become(entry.frame(), FrameType::writable) : owns(entry.frame());
    return entry.frame() == place->table || could_become(entry.frame(), FrameType::l1);
  }

  const MachineMemory& machine_;
  const AdversaryGuest& guest_;
};

}  // namespace xensim::test
