/// Guests that write anything into their rings and change their page tables under the monitor, with an audit
/// of rings, frames and TLB.
#pragma once

#include <array>
#include <bit>
#include <ostream>
#include <string>
#include <vector>

#include "tests/models/io/net/net_bench.hpp"

namespace xensim {

struct NetStepChoice {
  std::uint32_t what, a, b;
};
inline void showValue(const NetStepChoice& step, std::ostream& out) {
  out << "{" << step.what << "u, " << step.a << "u, " << step.b << "u}";
}

namespace test {

/// A bad request ends a batch and leaves no contradictions: what a killed domain leaves is another matter.
constexpr MemoryRules forgiving_memory() {
  MemoryRules rules = xen_1_0_memory;
  rules.bad_request_kills = false;
  rules.get_before_put = true;
  rules.plain_write_needs_no_type = true;
  return rules;
}

class NetAdversary {
 public:
  static constexpr std::uint32_t pages = 48;

  NetAdversary() {
    guests_.push_back(bench_.add(pages));
    guests_.push_back(bench_.add(pages));
    shape(guests_[0]);
  }

  void perform(const NetStepChoice& step) {
    now_ += Time{step.b % 4} * 100'000'000;
    NetGuest& guest = guests_[step.what / 64 % guests_.size()];
    Vif& vif = bench_.vif(guest);
    const std::uint32_t page = step.a % pages;
    touch(guest, page);
    switch (step.what % 16) {
      case 0:
        if (step.b % 32 == 0)
          (step.a % 2 == 0 ? vif.page.tx.request_producer : vif.page.rx.request_producer) = step.b / 32;
        break;
      case 1:
        (step.a % 2 == 0 ? vif.page.tx.slots : vif.page.rx.slots)[step.a / 2 % 256] =
            std::bit_cast<decltype(vif.page.tx.slots)::value_type>(std::array{step.a, step.b});
        break;
      case 2:
        (step.a % 2 == 0 ? vif.page.tx.response_event : vif.page.rx.response_event) = step.b % 300;
        break;
      case 3:
        bench_.request_rx(guest, {.entry = {any_frame(guest, step.a).value * page_size + step.b % 4096}});
        break;
      case 4:
      case 5:
      case 6:
        bench_.request_rx(guest, {.id = 1, .entry = guest.entry_of(page)});
        break;
      case 7:
        bench_.request_tx(guest, {2,
                                  static_cast<std::uint16_t>(step.b),
                                  {any_frame(guest, step.a).value * page_size + step.b / 65536 % 4096}});
        break;
      case 8:
        send(guest, step);
        break;
      case 9:
      case 10:
        bench_.update(guest, now_);
        break;
      case 11:
        remap(guest, step);
        break;
      case 12:
        tables(guest, step);
        break;
      case 13:
        wire(step);
        break;
      case 14:
        arrive(step);
        break;
      default:
        if (step.b % 4 != 0) bench_.deliver();
        if (step.b % 16 == 0) recover(guest);
        if (step.b % 64 == 0) replace(guest);
        if (step.b % 32 == 1) squeeze();
        break;
    }
    apply_owed();
  }

  [[nodiscard]] std::string audit() const {
    std::vector<CachedTranslation> cached;
    for (const CachedTranslation& one : cached_) {
      // What it posted it may scribble on until the page is exchanged.
      if (!posted(one.frame)) cached.push_back(one);
    }
    const std::string found = bench_.net.audit();
    return found.empty() ? bench_.memory.audit(bench_.net.held(), cached) : found;
  }
  [[nodiscard]] std::uint64_t did(NetStep step) const { return bench_.did(step); }

 private:
  void shape(const NetGuest& guest) { bench_.net.set_credit(bench_.memory.domain0, guest.id, 5000, 100ms); }
  [[nodiscard]] FrameNumber any_frame(const NetGuest& guest, std::uint32_t word) const {
    if (word % 8 == 0) return {word / 8};
    return guest.image.pages[word % pages];
  }
  [[nodiscard]] bool posted(FrameNumber frame) const {
    for (const NetGuest& guest : guests_) {
      for (const PostedBuffer& buffer : bench_.net.find(guest.id)->posted) {
        if (buffer.frame == frame) return true;
      }
    }
    return false;
  }

  /// The guest writes to the page, so that its TLB has the translation.
  void touch(const NetGuest& guest, std::uint32_t page) {
    const auto place = place_of_entry(bench_.memory.machine.contents, guest.domain.base,
                                      test::DomainImage::address_of(page));
    if (!place) return;
    const PageTableEntry entry{bench_.memory.machine.contents.load(place->table, place->index)};
    if (!entry.has(test::writable_page)) return;
    cached_.push_back({guest.domain.id, test::DomainImage::address_of(page), entry.frame(), true});
  }
  void apply_owed() {
    TlbEffects& owed = bench_.memory.cpu.owed;
    if (owed.all) cached_.clear();
    for (const Address page : owed.pages) {
      std::erase_if(cached_, [&](const CachedTranslation& c) { return c.page.page() == page.page(); });
    }
    owed.clear();
    for (const NetEffects::Refill& refill : bench_.net.owed.refills) refills_.push_back(refill);
    bench_.net.owed.clear();
    std::erase_if(refills_, [&](const NetEffects::Refill& refill) {
      if (refill.at > now_) return false;
      bench_.net.refill(refill.vif, bench_.memory.cpu, now_);
      return true;
    });
  }

  void send(const NetGuest& guest, const NetStepChoice& step) {
    const Ipv4Address to = step.b % 2 == 0 ? test::outside : guests_[step.b / 2 % 2].ip;
    const FrameNumber frame = any_frame(guest, step.a);
    const MachineMemory& machine = bench_.memory.machine;
    // Only where the guest could write it itself.
    if (!machine.frames.exists(frame) || machine.frames[frame].owner() != guest.domain.id) return;
    if (machine.frames[frame].typed != 0 && machine.frames[frame].type() != FrameType::writable) return;
    const Ipv4Address from = step.b % 16 == 0 ? test::outside : guest.ip;
    const EthernetFrame packet = test::tcp_packet(from, to, step.b / 4 % 1400);
    store_bytes(bench_.memory.machine.contents, frame, 0, packet.known());
    bench_.request_tx(guest, {3, static_cast<std::uint16_t>(packet.length()), {frame.value * page_size}});
  }

  void remap(const NetGuest& guest, const NetStepChoice& step) {
    const PageTableEntry entry =
        step.b % 4 == 0 ? PageTableEntry{step.b & 0x1e6}
                        : PageTableEntry::to(any_frame(guest, step.b / 4), step.b / 8 % 2 == 0 ? 3 : 1);
    (void)bench_.memory.update(guest.domain,
                               {bench_.memory.entry(guest.image.table(0), step.a / 2 % 64, entry)});
  }

  /// Makes and unmakes tables, gives memory back and takes it again.
  void tables(const NetGuest& guest, const NetStepChoice& step) {
    const FrameNumber frame = any_frame(guest, step.a);
    const auto extended = [&](ExtendedCommand command) {
      (void)bench_.memory.update(guest.domain, {bench_.memory.extended(command, frame)});
    };
    const MemoryCall call = bench_.memory.as(guest.domain);
    std::vector<FrameNumber> got;
    switch (step.b % 8) {
      case 0:
      case 1:
        return extended(ExtendedCommand::pin_l1);
      case 2:
        return extended(ExtendedCommand::unpin);
      case 3:
        return extended(ExtendedCommand::tlb_flush);
      case 4:
        (void)decrease_reservation(call, {&frame, 1});
        return;
      case 5:
        (void)increase_reservation(call, 1, got);
        return;
      case 6:  // an entry of a directory: the image's, or another
        (void)bench_.memory.update(
            guest.domain, {bench_.memory.entry(guest.image.directory(),
                                               test::kernel_base.directory_index() + step.b / 8 % 2,
                                               PageTableEntry::to(frame, step.b / 16 % 2 == 0 ? 3 : 0))});
        return;
      default:
        (void)bench_.memory.update(
            guest.domain,
            {bench_.memory.entry(frame, step.b / 8 % 64, test::writable(any_frame(guest, step.b)))});
        return;
    }
  }

  void wire(const NetStepChoice& step) {
    if (step.a % 2 == 0 && nic_.size() < 4) {
      if (const auto sent = bench_.net.next_transmission(bench_.memory.cpu, now_)) {
        (void)bench_.net.on_wire(*sent);
        nic_.push_back(*sent);
      }
    } else if (!nic_.empty()) {
      bench_.net.transmitted(nic_.front(), bench_.memory.cpu, now_);
      nic_.erase(nic_.begin());
    }
  }

  void arrive(const NetStepChoice& step) {
    const FrameNumber page = bench_.net.take_page();
    if (!page.valid()) return;
    EthernetFrame packet = test::tcp_packet(test::outside, guests_[step.a % 2].ip, step.b % 1400);
    if (step.a % 16 == 0) packet.known()[step.b % packet.known().size()] ^= std::byte{0x55};
    bench_.net.receive(page, packet);
  }

  /// Maps what it has where it was, as far as the monitor allows.
  void recover(const NetGuest& guest) {
    std::uint32_t i = guest.image.tables + 1;
    for (const FrameNumber frame : test::frames_of(bench_.memory.machine, guest.domain)) {
      if (i >= pages || !bench_.memory.frame(frame).unreferenced()) continue;
      (void)bench_.memory.update(guest.domain,
                                 {bench_.memory.entry(guest.image.table(0), i++, test::writable(frame))});
    }
  }
  /// Others take all free memory, or give it back.
  void squeeze() {
    if (!squeezed_.empty()) {
      for (const FrameNumber page : squeezed_) bench_.net.put_page(page);
      squeezed_.clear();
      return;
    }
    while (bench_.memory.machine.frames.free().count > 0) squeezed_.push_back(bench_.net.take_page());
  }

  /// Domain 0 takes the interface away and gives another.
  void replace(NetGuest& guest) {
    bench_.net.remove(guest.id);
    guest.id = *bench_.net.add(guest.domain, bench_.memory.cpu, "again");
    shape(guest);
  }

  NetBench bench_{160, forgiving_memory()};
  std::vector<NetGuest> guests_;
  std::vector<CachedTranslation> cached_;
  std::vector<NetEffects::Refill> refills_;
  std::vector<Transmission> nic_;
  std::vector<FrameNumber> squeezed_;
  Time now_{0};
};

}  // namespace test
}  // namespace xensim
