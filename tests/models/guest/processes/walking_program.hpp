/// A program whose every access goes through the tables that its kernel made, as a processor walks them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "models/guest/files/resident_file.hpp"
#include "models/guest/memory/address_space.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// What fixtures of a kernel's memory management have in common, bare or on a monitor.
class WalkingProgram {
 public:
  static constexpr std::uint32_t reserved = 64;  ///< pages that hold the kernel
  using Outcome = FaultResult::Outcome;

  WalkingProgram(const WalkingProgram&) = delete;
  WalkingProgram& operator=(const WalkingProgram&) = delete;

  /// The program accesses a word; faults are handled. Empty: done.
  std::optional<Outcome> write(Address address, std::uint32_t value) {
    return access(address, Access::write,
                  [&](FrameNumber frame, std::uint32_t index) { contents_.store(frame, index, value); });
  }
  std::optional<Outcome> read(Address address, std::uint32_t& value) {
    return access(address, Access::read,
                  [&](FrameNumber frame, std::uint32_t index) { value = contents_.load(frame, index); });
  }
  std::uint32_t read(Address address) {
    std::uint32_t value = 0;
    EXPECT_EQ(read(address, value), std::nullopt) << std::hex << address.value;
    return value;
  }
  Outcome last_fault{};
  std::uint64_t faults = 0;
  Address stack_pointer{};

  /// Page `i` holds 1000 + `i`.
  std::shared_ptr<ResidentFile> file(std::uint32_t pages) {
    auto made = std::make_shared<ResidentFile>(guest_, pages);
    for (std::uint32_t i = 0; i < pages; ++i) {
      contents_.store(guest_.paging.frame(*made->page(i)), 0, 1000 + i);
    }
    return made;
  }

  /// Nothing is in use but what the quicklists keep.
  [[nodiscard]] bool all_free() const {
    return guest_.pages.free_pages() + guest_.tables.size() + reserved == guest_.pages.size();
  }

 protected:
  /// They may be constructed later.
  WalkingProgram(Mmu& mmu, PhysicalMemory& contents, GuestMemory& guest)
      : mmu_(mmu), contents_(contents), guest_(guest) {}
  ~WalkingProgram() = default;

  void runs(AddressSpace& space) { loaded_ = &space; }

  /// The kernel's own books agree: `spaces` and `files` are all there are.
  std::string audit_kernel(const std::vector<const AddressSpace*>& spaces,
                           const std::vector<MappedFile*>& files) {
    std::vector<std::uint32_t> references(guest_.pages.size());
    for (const AddressSpace* space : spaces) {
      if (std::string fault = space->audit(references); !fault.empty()) return fault;
    }
    for (MappedFile* mapped : files) {
      for (std::uint32_t i = 0; i < mapped->pages(); ++i) ++references[mapped->page(i)->value];
    }
    guest_.tables.count_references(references);
    guest_.packets.count_references(references);
    return guest_.pages.audit(references);
  }

 private:
  /// That the processor walks.
  [[nodiscard]] virtual FrameNumber directory(const AddressSpace& loaded) const = 0;

  template <class Use>
  std::optional<Outcome> access(Address address, Access kind, Use use) {
    for (;;) {
      const Mmu::Result result =
          mmu_.translate(address, kind, Privilege::ring3, directory(*loaded_), contents_);
      if (!result.faulted()) {
        use(result.frame, (address.value % page_size) / 4);
        return {};
      }
      ++faults;
      last_fault = loaded_->fault(result.fault, stack_pointer).outcome;
      if (last_fault > Outcome::retry) return last_fault;
    }
  }

  Mmu& mmu_;
  PhysicalMemory& contents_;
  GuestMemory& guest_;
  AddressSpace* loaded_ = nullptr;
};

inline std::ostream& operator<<(std::ostream& out, FaultResult::Outcome outcome) {
  return out << "outcome " << static_cast<int>(outcome);
}

}  // namespace xensim
