/// Where pipes keep what was written and not yet read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/guest/memory/page_allocator.hpp"

namespace xensim {

/// The pages that the pipes of one kernel hold.
class PipePages {
 public:
  explicit PipePages(PageAllocator& pages) : pages_(pages) {}
  /// Empty: no memory.
  [[nodiscard]] std::optional<PageNumber> take();
  void give_back(PageNumber page);
  void count_references(std::span<std::uint32_t> references) const;

 private:
  PageAllocator& pages_;
  std::vector<PageNumber> held_;
};

}  // namespace xensim
