#include "models/memory/audit.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace xensim {
namespace {

constexpr std::array<std::string_view, 8> type_names{"nothing", "l1",  "l2",  "l3",
                                                     "l4",      "gdt", "ldt", "a writable page"};

std::string name(FrameNumber frame) { return fmt::format("frame {}", frame.value); }
std::string name(DomainId domain) {
  return domain.valid() ? fmt::format("domain {}", domain.value) : std::string("nobody");
}
std::string_view name(FrameType type) { return type_names[static_cast<std::size_t>(type)]; }

struct Reference {
  enum class Place : std::uint8_t { entry, base, gdt, ldt, pin, held };

  FrameNumber to;
  FrameType as;  ///< none: any
  Place place;
  DomainId by;
  FrameNumber table = {};  ///< of an entry
  std::uint32_t index = 0;
  std::string_view holder = {};

  [[nodiscard]] std::string where() const {
    switch (place) {
      case Place::entry:
        return fmt::format("entry {} of frame {}", index, table.value);
      case Place::base:
        return fmt::format("the base of {}", name(by));
      case Place::gdt:
        return fmt::format("GDT slot {} of {}", index, name(by));
      case Place::ldt:
        return fmt::format("LDT slot {} of {}", index, name(by));
      case Place::pin:
        return "its pin";
      case Place::held:
        break;
    }
    return std::string(holder);
  }
};

class Audit {
 public:
  Audit(const MachineMemory& machine, const AuditView& view)
      : machine_(machine), frames_(machine.frames), view_(view), expected_(machine.frames.size()) {}

  std::string run() {
    for_each_reference([this](const Reference& reference) { count(reference); });
    for (std::uint32_t i = 0; i < frames_.size() && found_.empty(); ++i) compare({i});
    for (const CachedTranslation& cached : view_.cached) check(cached);
    check_lists();
    return found_;
  }

 private:
  struct Counts {
    std::uint32_t total = 0, typed = 0;
  };

  void report(std::string contradiction) {
    if (found_.empty()) found_ = std::move(contradiction);
  }

  template <class Visit>
  void for_each_entry(FrameNumber table, FrameType type, const Visit& visit) const {
    const PhysicalMemory::Words* words = machine_.contents.contents(table);
    if (words == nullptr) return;
    const DomainId owner = frames_[table].owner();
    const std::uint32_t end = type == FrameType::l1 ? entries_per_table : guest_directory_entries;
    for (std::uint32_t i = 0; i < end; ++i) {
      const PageTableEntry entry{(*words)[i]};
      if (!entry.has(PageTableEntry::present)) continue;
      if (type == FrameType::l2 && entry.frame() == table) {
        if (!entry.has(PageTableEntry::writable)) continue;  // the guest sees its tables, and is not counted
      }
      const FrameType leaf = entry.has(PageTableEntry::writable) ? FrameType::writable : FrameType::none;
      visit(Reference{.to = entry.frame(),
                      .as = type == FrameType::l1 ? leaf : FrameType::l1,
                      .place = Reference::Place::entry,
                      .by = owner,
                      .table = table,
                      .index = i});
    }
  }

  template <class Visit>
  void for_each_reference(const Visit& visit) const {
    using Place = Reference::Place;
    for (std::uint32_t i = 0; i < frames_.size(); ++i) {
      const FrameNumber frame{i};
      const Frame& f = frames_[frame];
      for (const FrameType type : {FrameType::l1, FrameType::l2}) {
        if (f.in_use_as(type)) for_each_entry(frame, type, visit);
      }
      if (f.pinned != 0) visit(Reference{.to = frame, .as = f.type(), .place = Place::pin, .by = f.owner()});
    }
    for (const MemoryDomain* domain : view_.domains) {
      if (domain->base.valid()) {
        visit(Reference{.to = domain->base, .as = FrameType::l2, .place = Place::base, .by = domain->id});
      }
      for (std::uint32_t i = 0; i < domain->gdt.size(); ++i) {
        const FrameNumber gdt = domain->gdt[i], ldt = domain->ldt.slots[i];
        if (gdt.valid()) {
          visit(
              Reference{.to = gdt, .as = FrameType::gdt, .place = Place::gdt, .by = domain->id, .index = i});
        }
        if (ldt.valid()) {
          visit(
              Reference{.to = ldt, .as = FrameType::ldt, .place = Place::ldt, .by = domain->id, .index = i});
        }
      }
    }
    for (const HeldReference& held : view_.held) {
      for (std::uint32_t i = 0; i < held.total; ++i) {
        const FrameType as = i < held.typed ? frames_[held.frame].type() : FrameType::none;
        visit(Reference{.to = held.frame,
                        .as = as,
                        .place = Place::held,
                        .by = frames_[held.frame].owner(),
                        .holder = held.holder});
      }
    }
  }

  [[nodiscard]] bool privileged(DomainId id) const {
    for (const MemoryDomain* domain : view_.domains) {
      if (domain->id == id) return domain->privileged;
    }
    return false;
  }

  void count(const Reference& reference) {
    if (!frames_.exists(reference.to)) {
      return report(fmt::format("{} names {}, which does not exist", reference.where(), name(reference.to)));
    }
    const Frame& f = frames_[reference.to];
    Counts& expected = expected_[reference.to.value];
    ++expected.total;
    if (f.owner() != reference.by && !privileged(reference.by)) {
      report(fmt::format("{} is of {}, but names {} of {}", reference.where(), name(reference.by),
                         name(reference.to), name(f.owner())));
    }
    if (reference.as == FrameType::none) return;
    ++expected.typed;
    if (!f.in_use_as(reference.as)) {
      report(fmt::format("{} uses {} as {}, but that is {}, {} times", reference.where(), name(reference.to),
                         name(reference.as), name(f.type()), f.typed));
    }
    const bool through_tlb = reference.place != Reference::Place::held;
    if (reference.as == FrameType::writable && through_tlb && f.need_flush == 0) {
      report(
          fmt::format("{} maps {} writable, but it is not marked so", reference.where(), name(reference.to)));
    }
  }

  void compare(FrameNumber frame) {
    const Frame& f = frames_[frame];
    const Counts& expected = expected_[frame.value];
    if (f.total == expected.total && f.typed == expected.typed) return;
    std::string where;
    for_each_reference([&](const Reference& reference) {
      if (reference.to == frame) where += (where.empty() ? ": " : ", ") + reference.where();
    });
    report(fmt::format("{} of {} counts {} references, {} of them as {}, but there are {} and {}{}",
                       name(frame), name(f.owner()), f.total, f.typed, name(f.type()), expected.total,
                       expected.typed, where));
  }

  void check(const CachedTranslation& cached) {
    if (!cached.writable) return;
    const auto complain = [&](std::string_view what) {
      report(fmt::format("{} may still write to {} at page {:#x}, but that {}", name(cached.domain),
                         name(cached.frame), cached.page.value, what));
    };
    if (!frames_.exists(cached.frame)) return complain("does not exist");
    const Frame& f = frames_[cached.frame];
    if (f.owner() != cached.domain && !privileged(cached.domain)) return complain("is not its own");
    if (f.typed != 0 && f.type() != FrameType::writable) {
      return complain(fmt::format("is in use as {}", name(f.type())));
    }
    if (f.need_flush == 0) complain("is not marked so");
  }

  void check_list(const FrameList& list, DomainId owner) {
    std::uint32_t length = 0;
    for (FrameNumber frame = list.first; frame.valid(); frame = frames_[frame].next) {
      if (!frames_.exists(frame) || ++length > list.count) break;
      const Frame& f = frames_[frame];
      if (f.owner() != owner) {
        report(fmt::format("{} is of {}, but in the list of {}", name(frame), name(f.owner()), name(owner)));
      }
      if (!owner.valid() && !f.unreferenced()) {
        report(fmt::format("{} is free, but counts {} references", name(frame), f.total));
      }
    }
    if (length != list.count) {
      report(fmt::format("the list of {} has {} frames, but counts {}", name(owner), length, list.count));
    }
  }

  void check_lists() {
    check_list(frames_.free(), {});
    for (const MemoryDomain* domain : view_.domains) {
      check_list(domain->frames, domain->id);
      if (domain->total_pages > domain->max_pages) {
        report(fmt::format("{} has {} pages, but may have {}", name(domain->id), domain->total_pages,
                           domain->max_pages));
      }
    }
  }

  const MachineMemory& machine_;
  const FrameTable& frames_;
  const AuditView& view_;
  std::vector<Counts> expected_;
  std::string found_;
};

}  // namespace

std::string audit_memory(const MachineMemory& machine, const AuditView& view) {
  return Audit(machine, view).run();
}

}  // namespace xensim
