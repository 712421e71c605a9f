/// A kernel's memory management with a processor that really walks the tables it makes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/guest/memory/address_space.hpp"
#include "models/host/native/bare_paging.hpp"
#include "tests/models/guest/memory/queued_paging.hpp"
#include "tests/models/guest/processes/walking_program.hpp"

namespace xensim {

class MemoryFixture final : public WalkingProgram {
 public:
  explicit MemoryFixture(KernelBuild build = {}, std::uint32_t size = 4096)
      : WalkingProgram(mmu, memory, guest),
        memory(size + QueuedPaging::foreign),
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
    runs(space);
  }

  /// Everything agrees: `spaces` and `files` are all there are.
  std::string audit(const std::vector<const AddressSpace*>& spaces,
                    const std::vector<MappedFile*>& files = {}) {
    return audit_kernel(spaces, files);
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

  [[nodiscard]] FrameNumber directory(const AddressSpace& loaded) const override {
    return paging->frame(loaded.directory());
  }

  KernelPathCosts costs_{};

 public:
  KernelWork work;
  KernelContext kernel;
  QueuedPaging* queued = nullptr;
  BarePaging* bare = nullptr;
  std::unique_ptr<Paging> paging;
  GuestMemory guest;
};

}  // namespace xensim
