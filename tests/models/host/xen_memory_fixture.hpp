/// Guest kernels' memory management on a real monitor, and a processor that walks the tables they make.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "models/guest/address_space.hpp"
#include "models/guest/resident_file.hpp"
#include "models/host/xen_paging.hpp"
#include "models/memory/audit.hpp"
#include "models/memory/balloon.hpp"

namespace xensim {

/// Frames, the monitor, and one processor that the domains share.
struct XenMemory {
  explicit XenMemory(const MemoryRules& rules = xen_1_0_memory, std::uint32_t frames = 1 << 14)
      : machine(rules, frames, 16) {
    machine.rules.slack = 0;
  }

  MachineMemory machine;
  MemoryCpu cpu{};
  Mmu mmu{};
  MemoryDomain domain0{.id = DomainId{0}, .privileged = true};
  std::vector<const MemoryDomain*> domains;  ///< those that are alive
  const MemoryDomain* running = nullptr;

  /// Everything that the monitor keeps agrees with the tables and with what the processor may still use.
  [[nodiscard]] std::string audit() const {
    std::vector<CachedTranslation> cached;
    if (running != nullptr) {
      for (const Tlb::Entry& entry : mmu.data_tlb().visible()) {
        const bool writable = entry.translation.has(PageTableEntry::writable);
        cached.push_back({running->id, entry.page, entry.translation.frame, writable});
      }
    }
    return audit_memory(machine, {.domains = domains, .held = {}, .cached = cached});
  }
};

/// A domain, from the pages up. Goes in good order: its processes must be gone before.
class XenGuest {
 public:
  static constexpr std::uint32_t reserved = 64;
  using Outcome = FaultResult::Outcome;

  explicit XenGuest(XenMemory& host, std::uint32_t id = 1, std::uint32_t pages = 2048,
                    std::size_t queue_length = XenPaging::default_queue_length)
      : host_(host),
        domain{.id = DomainId{id}},
        layout(build_domain_memory({host.machine, host.cpu, host.domain0}, domain, pages).value()),
        memory(host.machine.contents),
        work(costs_),
        paging(host.machine, host.cpu, domain, layout, hooks(), queue_length),
        guest(kernel, paging, layout.usable(), reserved) {
    host.domains.push_back(&domain);
    host.cpu.work = {};
    host.cpu.owed.clear();
    run();
    paging.zero(PageAllocator::zero_page());  // as every kernel does when it starts
  }
  XenGuest(const XenGuest&) = delete;
  XenGuest& operator=(const XenGuest&) = delete;
  ~XenGuest() {
    std::erase(host_.domains, &domain);
    if (host_.running == &domain) host_.running = nullptr;
    release(host_.machine, domain);
  }

  /// The processor switches to this domain.
  void run() {
    host_.running = &domain;
    host_.mmu.switch_to();
  }
  void load(AddressSpace& space) {
    if (host_.running != &domain) run();
    space.used_by(0);
    paging.load(space.directory(), 0xc0001000);
    loaded_ = &space;
  }

  /// A program accesses a word; faults are handled. Empty: done.
  std::optional<Outcome> write(Address address, std::uint32_t value) {
    return access(address, Access::write,
                  [&](FrameNumber frame, std::uint32_t index) { memory.store(frame, index, value); });
  }
  std::optional<Outcome> read(Address address, std::uint32_t& value) {
    return access(address, Access::read,
                  [&](FrameNumber frame, std::uint32_t index) { value = memory.load(frame, index); });
  }
  std::uint32_t read(Address address) {
    std::uint32_t value = 0;
    EXPECT_EQ(read(address, value), std::nullopt) << std::hex << address.value;
    return value;
  }

  std::shared_ptr<ResidentFile> file(std::uint32_t pages) {
    auto made = std::make_shared<ResidentFile>(guest, pages);
    for (std::uint32_t i = 0; i < pages; ++i) memory.store(paging.frame(*made->page(i)), 0, 1000 + i);
    return made;
  }

  /// The kernel's own books, the monitor's, and the TLB agree.
  std::string audit(const std::vector<const AddressSpace*>& spaces,
                    const std::vector<MappedFile*>& files = {}) {
    std::vector<std::uint32_t> references(guest.pages.size());
    for (const AddressSpace* space : spaces) {
      if (std::string fault = space->audit(references); !fault.empty()) return fault;
    }
    for (MappedFile* mapped : files) {
      for (std::uint32_t i = 0; i < mapped->pages(); ++i) ++references[mapped->page(i)->value];
    }
    guest.tables.count_references(references);
    if (std::string fault = guest.pages.audit(references); !fault.empty()) return fault;
    if (host_.running == &domain) {
      if (std::string fault = host_.mmu.audit(domain.base, memory); !fault.empty()) return fault;
    }
    return host_.audit();
  }
  [[nodiscard]] bool all_free() const {
    return guest.pages.free_pages() + guest.tables.size() + reserved == guest.pages.size();
  }

 private:
  XenMemory& host_;
  KernelPathCosts costs_{};
  AddressSpace* loaded_ = nullptr;

  XenPaging::Hooks hooks() {
    return {.hypercall = [this](const PagingCall& call) { calls.push_back(call); },
            .flush = [this] { host_.mmu.switch_to(); },
            .flush_page =
                [this](Address address) {
                  invalidated.push_back(address);
                  host_.mmu.flush_page(address);
                },
            .write_fault = {}};
  }

  template <class Use>
  std::optional<Outcome> access(Address address, Access kind, Use use) {
    for (;;) {
      const Mmu::Result result = host_.mmu.translate(address, kind, Privilege::ring3, domain.base, memory);
      if (!result.faulted()) {
        use(result.frame, (address.value % page_size) / 4);
        return {};
      }
      const Outcome outcome = loaded_->fault(result.fault, {}).outcome;
      if (outcome > Outcome::retry) return outcome;
    }
  }

 public:
  MemoryDomain domain;
  KernelLayout layout;
  PhysicalMemory& memory;
  KernelWork work;
  KernelContext kernel{work, {.smp = false, .paravirtual = true}};
  std::vector<PagingCall> calls;  ///< hypercalls so far
  std::vector<Address> invalidated;
  XenPaging paging;
  GuestMemory guest;
};

/// What was counted since it was made.
class SinceXen {
 public:
  explicit SinceXen(const XenGuest& guest)
      : paging_(guest.paging), calls_(guest.calls), before_(paging_.counts()), first_(calls_.size()) {}

  [[nodiscard]] std::uint64_t hypercalls() const { return paging_.counts().hypercalls - before_.hypercalls; }
  [[nodiscard]] std::uint64_t requests() const { return paging_.counts().requests - before_.requests; }
  using Count = std::uint64_t XenPaging::Counts::*;
  [[nodiscard]] std::uint64_t operator[](Count count) const {
    return paging_.counts().*count - before_.*count;
  }
  /// By the monitor, on behalf of this guest.
  [[nodiscard]] std::uint64_t did(MemoryStep step) const {
    std::uint64_t times = 0;
    for (std::size_t i = first_; i < calls_.size(); ++i) times += calls_[i].work[step];
    return times;
  }

 private:
  const XenPaging& paging_;
  const std::vector<PagingCall>& calls_;
  XenPaging::Counts before_;
  std::size_t first_;
};

}  // namespace xensim
