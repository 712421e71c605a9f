/// A kernel's memory with a disk to swap to: whoever needs a page gets it, however long that takes.
#pragma once

#include "models/guest/memory/reclaim.hpp"
#include "models/io/block_device.hpp"
#include "tests/models/guest/memory/memory_fixture.hpp"
#include "tests/models/io/testbed_disk.hpp"

namespace xensim {

class SwappingFixture {
 public:
  using Outcome = FaultResult::Outcome;

  SwappingFixture(std::uint32_t size, std::uint32_t slots)
      : base({}, size),
        device(calendar, testbed_disk(), ElevatorKind::linus,
               [this] { io.interrupt(calendar.now(), wakes); }),
        io(base.guest, device, slots) {
    base.guest.swap = std::make_unique<SwapCache>(base.guest.pages, slots);
  }

  void load(AddressSpace& space) {
    base.load(space);
    loaded = &space;
  }
  /// Empty: done.
  std::optional<Outcome> write(Address address, std::uint32_t value) {
    return access(address, Access::write, [&](FrameNumber frame) { base.memory.store(frame, 0, value); });
  }
  std::uint32_t read(Address address) {
    std::uint32_t value = 0;
    const auto outcome =
        access(address, Access::read, [&](FrameNumber frame) { value = base.memory.load(frame, 0); });
    EXPECT_EQ(outcome, std::nullopt) << std::hex << address.value;
    return value;
  }
  /// One run of try_to_free_pages, with all the waiting it needs.
  Reclaim::Next reclaim() {
    Reclaim run(pages(), io, 0);
    for (;;) {
      const Reclaim::Next next = run.step(calendar.now());
      if (next == Reclaim::Next::freed || next == Reclaim::Next::failed) return next;
      if (next != Reclaim::Next::more) wait();
    }
  }
  /// Everything under way is done.
  void wait() {
    io.unplug(calendar.now());
    while (calendar.size() > 0) calendar.dispatch();
  }
  bool make_room(std::uint32_t wanted) {
    for (int tries = 0; pages().pages.short_of(wanted); ++tries) {
      if (reclaim() == Reclaim::Next::failed && tries > 3) return !pages().pages.badly_short_of(wanted);
    }
    return true;
  }

  /// Every page and every slot is in exactly the places that are accounted for.
  std::string audit(const std::vector<const AddressSpace*>& spaces) {
    std::vector<std::uint32_t> references(pages().pages.size()), slots(pages().swap->slots.size());
    for (const AddressSpace* space : spaces) {
      if (std::string fault = space->audit(references); !fault.empty()) return fault;
      space->tables().count_slots(slots);
    }
    for (std::uint32_t page = 0; page < pages().pages.size(); ++page) {
      const Page& looked = pages().pages[{page}];
      if (looked.file == nullptr) continue;
      ++references[page];
      if (looked.file == pages().swap.get()) ++slots[looked.index];
    }
    pages().tables.count_references(references);
    pages().packets.count_references(references);
    if (std::string fault = io.audit(references); !fault.empty()) return fault;
    if (std::string fault = pages().swap->slots.audit(slots); !fault.empty()) return fault;
    return pages().pages.audit(references);
  }
  [[nodiscard]] GuestMemory& pages() { return base.guest; }

  MemoryFixture base;
  Calendar calendar;
  Wakes wakes;
  BlockDevice device;
  PageIo io;
  AddressSpace* loaded = nullptr;

 private:
  template <class Use>
  std::optional<Outcome> access(Address address, Access kind, Use use) {
    for (;;) {
      const Mmu::Result result = base.mmu.translate(address, kind, Privilege::ring3,
                                                    base.paging->frame(loaded->directory()), base.memory);
      if (!result.faulted()) {
        use(result.frame);
        return {};
      }
      if (!make_room(3)) return Outcome::no_memory;
      const FaultResult fault = loaded->fault(result.fault);
      if (fault.outcome == Outcome::read_slot) {
        const auto page = pages().pages.allocate();
        if (!page) return Outcome::no_memory;
        pages().swap->add(*page, fault.index);
        pages().pages.put(*page);
        pages().pages.lists().enter(*page);
        EXPECT_TRUE(io.start(*page, false, calendar.now()));
        wait();
      } else if (fault.outcome == Outcome::wait_page) {
        wait();
      } else if (fault.outcome > Outcome::retry) {
        return fault.outcome;
      }
    }
  }
};

}  // namespace xensim
