/// A kernel's memory management with a processor that really walks the tables it makes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/guest/address_space.hpp"
#include "models/guest/resident_file.hpp"
#include "models/host/bare_paging.hpp"
#include "tests/models/guest/queued_paging.hpp"

namespace xensim {

class MemoryFixture {
 public:
  static constexpr std::uint32_t reserved = 64;
  using Outcome = FaultResult::Outcome;

  explicit MemoryFixture(KernelBuild build = {}, std::uint32_t size = 4096)
      : memory(size + QueuedPaging::foreign),
        work(costs_),
        kernel{work, build},
        paging(make(build, size)),
        guest(kernel, *paging, size, reserved) {}

  /// `space` runs on the processor from now on.
  void load(AddressSpace& space) {
    space.used_by(0);
    if (queued != nullptr) queued->load(space.directory());
    if (bare != nullptr) bare->load(space.directory());
    mmu.switch_to();
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
  Outcome last_fault{};
  std::uint64_t faults = 0;
  Address stack_pointer{};

  std::shared_ptr<ResidentFile> file(std::uint32_t pages) {
    auto made = std::make_shared<ResidentFile>(guest, pages);
    for (std::uint32_t i = 0; i < pages; ++i) memory.store(paging->frame(*made->page(i)), 0, 1000 + i);
    return made;
  }

  /// Everything agrees: `spaces` and `files` are all there are.
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
    return guest.pages.audit(references);
  }
  /// Nothing is in use but what the quicklists keep.
  [[nodiscard]] bool all_free() const {
    return guest.pages.free_pages() + guest.tables.size() + reserved == guest.pages.size();
  }
  [[nodiscard]] std::uint64_t did(KernelPath path) const { return work.count(path); }

  PhysicalMemory memory;
  Mmu mmu;

 private:
  std::unique_ptr<Paging> make(KernelBuild build, std::uint32_t size) {
    if (build.paravirtual) {
      auto made = std::make_unique<QueuedPaging>(memory, size, mmu);
      queued = made.get();
      return made;
    }
    auto made = std::make_unique<BarePaging>(
        memory, size,
        BarePaging::Hooks{.flush = [this] { mmu.switch_to(); },
                          .flush_page = [this](Address address) { mmu.flush_page(address); },
                          .remote = {}});
    bare = made.get();
    return made;
  }

  template <class Use>
  std::optional<Outcome> access(Address address, Access kind, Use use) {
    for (;;) {
      const Mmu::Result result =
          mmu.translate(address, kind, Privilege::ring3, paging->frame(loaded_->directory()), memory);
      if (!result.faulted()) {
        use(result.frame, (address.value % page_size) / 4);
        return {};
      }
      ++faults;
      last_fault = loaded_->fault(result.fault, stack_pointer).outcome;
      if (last_fault > Outcome::retry) return last_fault;
    }
  }

  KernelPathCosts costs_{};
  AddressSpace* loaded_ = nullptr;

 public:
  KernelWork work;
  KernelContext kernel;
  QueuedPaging* queued = nullptr;
  BarePaging* bare = nullptr;
  std::unique_ptr<Paging> paging;
  GuestMemory guest;
};

inline std::ostream& operator<<(std::ostream& out, FaultResult::Outcome outcome) {
  return out << "outcome " << static_cast<int>(outcome);
}

}  // namespace xensim
