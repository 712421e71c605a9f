/// Guests that try everything: each step is a hypercall with arbitrary arguments or something that a guest
/// does without the monitor.
///
/// Guests have the worst of TLBs: it keeps every translation they ever used until it is flushed, and they
/// write wherever it still lets them. Domains that get killed are built anew by domain 0.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/models/memory/adversary_choices.hpp"
#include "tests/models/memory/adversary_traps.hpp"

namespace xensim::test {

class HypercallAdversary {
 public:
  explicit HypercallAdversary(const MemoryRules& rules)
      : machine_(without_slack(rules), monitor_frames + domains * AdversaryChoices::pages + 4,
                 monitor_frames) {
    for (std::uint32_t i = 0; i < domains; ++i) {
      guests_.push_back({.domain = {.id = DomainId{i + 1}}, .shared = {i + 1}});
      start(guests_.back());
    }
  }

  void perform(const Step& step) {
    if (step.what / 4096 % 32 == 0) {
      gates_.remove(guests_[running_].traps.fast_trap);
      running_ = step.what % domains;
      gates_.install(guests_[running_].traps.fast_trap);
      cached_.clear();  // the switch loads the page-table base
    }
    Guest& guest = guests_[running_];
    // Mostly requests of page updates, which are queued until one is to be sent.
    const std::uint32_t kind = step.what / 32 % 64;
    if (kind < 40) {
      guest.queue.push_back(AdversaryChoices(machine_, guest).careful_request(step, kind));
      if (step.what / 2048 % 2 == 0 || guest.queue.size() >= 8) send(guest);
    } else {
      act(guest, step, kind);
    }
    apply_owed();
  }

  [[nodiscard]] std::string audit() const {
    if (!wrong_.empty()) return wrong_;
    if (std::string found = audit_gates(gates_, guests_[running_].traps.fast_trap); !found.empty())
      return found;
    std::vector<const MemoryDomain*> all{&domain0_};
    std::vector<HeldReference> held;
    for (const Guest& guest : guests_) {
      all.push_back(&guest.domain);
      held.push_back({guest.shared, 2, 2, "shared information"});
      for (const FrameNumber frame : guest.in_transfer) held.push_back({frame, 1, 0, "a device"});
    }
    return audit_memory(machine_, {.domains = all, .held = held, .cached = cached_});
  }

  [[nodiscard]] std::uint64_t hypercalls() const { return hypercalls_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t deaths() const { return deaths_; }
  [[nodiscard]] const MemoryWork& work() const { return cpu_.work; }

 private:
  using Guest = AdversaryGuest;
  static constexpr std::uint32_t domains = 3, monitor_frames = 8;

  MemoryCall call(Guest& guest) { return {machine_, cpu_, guest.domain}; }

  void start(Guest& guest) {
    constexpr std::uint32_t mapped = AdversaryChoices::mapped;
    const DomainImage image =
        build_domain(machine_, cpu_, domain0_, guest.domain, AdversaryChoices::pages, mapped);
    guest.own = image.pages;
    // Some more read-only, so that descriptor tables may be there.
    const std::uint32_t table =
        machine_.rules.virtual_entries ? DomainImage::address_of(1).value : image.table(0).value << 12;
    for (std::uint32_t i = mapped; i < mapped + AdversaryChoices::mapped_read_only; ++i) {
      guest.queue.push_back(make_request(machine_.rules, PageCommand::normal, table + i * 4,
                                         PageTableEntry::to(image.pages[i], read_only_page).bits));
    }
    guest.queue.push_back(make_request(machine_.rules, ExtendedCommand::set_ldt,
                                       DomainImage::address_of(mapped - 2).value, 2048));
    (void)update_pages(call(guest), guest.queue);
    guest.queue.clear();
    machine_.frames.share(guest.shared, guest.domain);
  }

  void destroy(Guest& guest) {
    ++deaths_;
    guest.queue.clear();
    guest.in_transfer.clear();
    cached_.clear();
    machine_.frames.unshare(guest.shared);
    release(machine_, guest.domain);
    gates_.remove(guest.traps.fast_trap);  // only running guests die
    guest.traps = {};
    guest.events = {};
    start(guest);
  }

  void answer(Guest& guest, HypercallStatus status) {
    ++hypercalls_;
    if (status == HypercallStatus::done) ++accepted_;
    if (status == HypercallStatus::killed) destroy(guest);
  }

  void apply_owed() {
    if (cpu_.owed.all) cached_.clear();
    for (const Address page : cpu_.owed.pages) {
      std::erase_if(cached_, [&](const CachedTranslation& c) { return c.page.page() == page.page(); });
    }
    cpu_.owed.clear();
  }

  void send(Guest& guest) {
    const PageUpdateResult result = update_pages(call(guest), guest.queue);
    guest.queue.clear();
    answer(guest, result.status);
  }

  void act(Guest& guest, const Step& step, std::uint32_t kind) {
    const AdversaryChoices choose(machine_, guest);
    if (kind < 46) return store(guest, step);
    if (kind < 51) {
      for (std::uint32_t i = 0; i < AdversaryChoices::pages; ++i) touch(guest, DomainImage::address_of(i));
      return touch(guest, Address{choose.any_address(step.a)});
    }
    if (kind < 54) {
      return answer(guest, update_va_mapping(call(guest), choose.any_address(step.a) / page_size,
                                             choose.any_entry(step.b), step.c));
    }
    switch (kind) {
      case 54:
      case 55:
        return install_gdt(guest, step);
      case 56:
        return answer(
            guest, update_descriptor(call(guest), (choose.any_frame(step.a).value << 12) + step.c % page_size,
                                     choose.any_descriptor(step)));
      case 57:
      case 58:
        (void)map_ldt_page(call(guest), step.a % 8 != 0 ? step.a / 8 % (4 * page_size) : step.a);
        return;
      case 59:
        return trap(guest, step);
      case 60:
        return deflate(guest, step);
      case 61:
        return inflate(guest, step);
      case 62:
        return transfer(guest, step);
      default:
        if (step.a % 8 != 0) return trap(guest, step);
        destroy(guest);
    }
  }

  /// Without the monitor: allowed by an entry in use, or by a translation that outlives it.
  void store(Guest& guest, const Step& step) {
    const AdversaryChoices choose(machine_, guest);
    const bool by_stale = !cached_.empty() && step.a % 4 == 0;
    const FrameNumber frame = by_stale ? cached_[step.a / 4 % cached_.size()].frame : choose.any_own(step.a);
    if (!by_stale && !machine_.frames[frame].in_use_as(FrameType::writable)) return;
    const PageTableEntry word = step.b % 4 == 0 ? PageTableEntry{} : choose.any_entry(step.b / 4);
    machine_.contents.store(frame, choose.any_index(step.c), word.bits);
  }

  void touch(Guest& guest, Address address) {
    if (address.value >= guest_end.value) return;
    const FrameNumber base = guest.domain.base;
    const auto place = place_of_entry(machine_.contents, base, address);
    if (!place) return;
    const PageTableEntry table{machine_.contents.load(base, address.directory_index())};
    const PageTableEntry entry{machine_.contents.load(place->table, place->index)};
    if (!entry.has(writable_page) || !table.has(writable_page)) return;
    std::erase_if(cached_, [&](const CachedTranslation& c) { return c.page == address; });
    cached_.push_back({guest.domain.id, address, entry.frame(), true});
  }

  void trap(Guest& guest, const Step& step) {
    AdversaryTraps traps(call(guest), guest, gates_, wrong_);
    if (step.c % 4 != 0) return answer(guest, traps.call(step));
    if (!traps.exception(step)) destroy(guest);
  }

  void install_gdt(Guest& guest, const Step& step) {
    std::array<FrameNumber, 16> frames;
    for (std::uint32_t i = 0; i < frames.size(); ++i) {
      frames[i] = AdversaryChoices(machine_, guest).any_frame_for(FrameType::gdt, step.a * (i + 1));
    }
    const std::uint32_t entries = step.c % 2 == 0 ? 512 + step.c / 2 % 1024 : step.c;
    answer(guest, set_gdt(call(guest), frames, entries));
  }

  void deflate(Guest& guest, const Step& step) {
    std::vector<FrameNumber> got;
    answer(guest, increase_reservation(call(guest), step.a % 8 == 0 ? step.a : step.a % 4, got));
    if (!got.empty()) guest.own = frames_of(machine_, guest.domain);
  }

  void inflate(Guest& guest, const Step& step) {
    constexpr std::size_t least = 8;  // with fewer frames there would be nothing to attack
    if (guest.own.size() <= least) return;
    const AdversaryChoices choose(machine_, guest);
    const std::array list{choose.any_frame(step.a), choose.any_frame(step.b)};
    const DecreaseResult result = decrease_reservation(call(guest), list);
    answer(guest, result.status);
    if (result.done > 0) guest.own = frames_of(machine_, guest.domain);
  }

  /// A device begins or ends to read or write a frame while the guest goes on.
  void transfer(Guest& guest, const Step& step) {
    if (step.b % 2 == 0 && guest.in_transfer.size() < 4) {
      guest.in_transfer.push_back(AdversaryChoices(machine_, guest).any_own(step.a));
      machine_.frames.hold(guest.in_transfer.back());
    } else if (!guest.in_transfer.empty()) {
      machine_.frames.let_go(guest.in_transfer.back());
      guest.in_transfer.pop_back();
    }
  }

  MachineMemory machine_;
  MemoryCpu cpu_{};
  MemoryDomain domain0_{.id = DomainId{0}, .privileged = true};
  std::deque<Guest> guests_;
  std::uint32_t running_ = 0;
  std::vector<CachedTranslation> cached_;
  InterruptTable gates_;
  std::string wrong_;  ///< found while the monitor wrote to a guest's stack
  std::uint64_t hypercalls_ = 0, accepted_ = 0, deaths_ = 0;
};

}  // namespace xensim::test
