/// A file that lies in memory as a whole, for as long as it exists.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "models/guest/memory/guest_memory.hpp"
#include "models/guest/memory/mapped_file.hpp"

namespace xensim {

/// Nothing maps it any more when it goes.
class ResidentFile final : public MappedFile {
 public:
  /// Throws SimulationError if there is no memory for it.
  ResidentFile(GuestMemory& memory, std::uint32_t pages) : memory_(memory) {
    for (std::uint32_t i = 0; i < pages; ++i) {
      const auto page = memory.pages.allocate_user();
      if (!page) throw SimulationError("no memory for the pages of a resident file");
      memory.pages[*page].file = this;
      memory.pages[*page].index = i;
      pages_.push_back(*page);
    }
  }
  ~ResidentFile() override {
    for (const PageNumber page : pages_) memory_.pages.put(page);
  }
  ResidentFile(const ResidentFile&) = delete;
  ResidentFile& operator=(const ResidentFile&) = delete;

  [[nodiscard]] std::uint32_t pages() const override { return static_cast<std::uint32_t>(pages_.size()); }
  [[nodiscard]] std::optional<PageNumber> page(std::uint32_t index) override { return pages_[index]; }
  void dirtied(std::uint32_t /*index*/) override { ++dirty_; }

  [[nodiscard]] std::uint32_t dirty() const { return dirty_; }  ///< pages changed through mappings

 private:
  GuestMemory& memory_;
  std::vector<PageNumber> pages_;
  std::uint32_t dirty_ = 0;
};

}  // namespace xensim
