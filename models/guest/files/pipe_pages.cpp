#include "models/guest/files/pipe_pages.hpp"

namespace xensim {

std::optional<PageNumber> PipePages::take() {
  const std::optional<PageNumber> page = pages_.allocate();
  if (page) held_.push_back(*page);
  return page;
}

void PipePages::give_back(PageNumber page) {
  std::erase(held_, page);
  pages_.free(page);
}

void PipePages::count_references(std::span<std::uint32_t> references) const {
  for (const PageNumber page : held_) ++references[page.value];
}

}  // namespace xensim
