/// Guest kernels' memory management on a real monitor, and a processor that walks the tables they make.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/guest/memory/address_space.hpp"
#include "models/host/xen/xen_paging.hpp"
#include "models/memory/audit.hpp"
#include "models/memory/balloon.hpp"
#include "tests/models/guest/processes/walking_program.hpp"

namespace xensim {

/// Frames, the monitor, and one processor that the domains share.
struct MonitoredMemory {
  explicit MonitoredMemory(const MemoryRules& rules = xen_1_0_memory, std::uint32_t frames = 1 << 14)
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
class XenGuest final : public WalkingProgram {
 public:
  explicit XenGuest(MonitoredMemory& host, std::uint32_t id = 1, std::uint32_t pages = 2048,
                    std::size_t queue_length = XenPaging::default_queue_length)
      : WalkingProgram(host.mmu, host.machine.contents, guest),
        host_(host),
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
    runs(space);
  }

  /// The kernel's own books, the monitor's, and the TLB agree.
  std::string audit(const std::vector<const AddressSpace*>& spaces,
                    const std::vector<MappedFile*>& files = {}) {
    if (std::string fault = audit_kernel(spaces, files); !fault.empty()) return fault;
    if (host_.running == &domain) {
      if (std::string fault = host_.mmu.audit(domain.base, memory); !fault.empty()) return fault;
    }
    return host_.audit();
  }

 private:
  MonitoredMemory& host_;
  KernelPathCosts costs_{};

  XenPaging::Hooks hooks() {
    return {.frames = {},
            .hypercall = [this](const PagingCall& call) { calls.push_back(call); },
            .flush = [this] { host_.mmu.switch_to(); },
            .flush_page =
                [this](Address address) {
                  invalidated.push_back(address);
                  host_.mmu.flush_page(address);
                },
            .write_fault = {}};
  }

  [[nodiscard]] FrameNumber directory(const AddressSpace&) const override { return domain.base; }

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
