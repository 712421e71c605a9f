/// System V shared memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "models/guest/memory/guest_memory.hpp"
#include "models/guest/memory/mapped_file.hpp"
#include "models/guest/processes/call_result.hpp"

namespace xensim {

/// A segment: a file without a name whose pages are made, zero, when they are first touched. It is never
/// swapped out.
class SharedSegment final : public MappedFile {
 public:
  SharedSegment(GuestMemory& memory, std::uint32_t pages) : memory_(memory), pages_(pages) {}
  ~SharedSegment() override {
    for (const PageNumber page : pages_) {
      if (!page.valid()) continue;
      memory_.pages[page].file = nullptr;
      memory_.pages.put(page);
    }
  }
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;

  [[nodiscard]] std::uint32_t pages() const override { return static_cast<std::uint32_t>(pages_.size()); }
  [[nodiscard]] std::optional<PageNumber> page(std::uint32_t index) override {
    PageNumber& page = pages_[index];
    if (!page.valid()) {
      const auto made = memory_.pages.allocate_user();
      if (!made) return std::nullopt;
      page = *made;
      memory_.kernel.zeroed(page.value);
      memory_.paging.zero(page);
      memory_.pages[page].file = this;
      memory_.pages[page].index = index;
    }
    return page;
  }
  void dirtied(std::uint32_t /*index*/) override {}

 private:
  GuestMemory& memory_;
  std::vector<PageNumber> pages_;  ///< invalid: not yet touched
};

/// ipc/shm.c of Linux 2.4.21, for segments that live as long as the kernel (nobody says IPC_RMID).
class SharedMemory {
 public:
  explicit SharedMemory(GuestMemory& memory) : memory_(memory) {}

  /// shmget with IPC_PRIVATE: the value is the number of a new segment.
  [[nodiscard]] CallResult create(std::uint32_t bytes) {
    constexpr std::uint32_t largest = 32 << 20;  // SHMMAX
    memory_.kernel.did(KernelPath::system_call);
    memory_.kernel.did(KernelPath::segment_attach);
    if (bytes == 0 || bytes > largest) return CallResult::failed(CallError::invalid);
    segments_.push_back(std::make_shared<SharedSegment>(memory_, (bytes + page_size - 1) / page_size));
    return {.value = static_cast<std::int64_t>(segments_.size()) - 1};
  }
  /// Null if there is no such segment.
  [[nodiscard]] std::shared_ptr<MappedFile> find(std::int64_t segment) const {
    const auto index = static_cast<std::size_t>(segment);
    return segment >= 0 && index < segments_.size() ? segments_[index] : nullptr;
  }

 private:
  GuestMemory& memory_;
  std::vector<std::shared_ptr<SharedSegment>> segments_;
};

}  // namespace xensim
