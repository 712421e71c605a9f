#include "models/guest/memory/page_table_cache.hpp"

namespace xensim {

std::optional<PageNumber> PageTableCache::fresh() {
  const auto page = pages_.allocate();
  if (!page) return {};
  kernel_.zeroed(page->value);
  paging_.zero(*page);
  return page;
}

std::optional<PageNumber> PageTableCache::take_table() {
  kernel_.did(KernelPath::table_page);
  if (!tables_.empty()) {
    const PageNumber table = tables_.back();
    tables_.pop_back();
    kernel_.uses(KernelObject::page, table.value);
    return table;
  }
  // The allocation may wait: nothing may be left half done.
  paging_.commit();
  const auto table = fresh();
  if (table) paging_.make_table(*table);
  return table;
}

std::optional<PageNumber> PageTableCache::take_directory() {
  if (!directories_.empty()) {
    kernel_.did(KernelPath::table_page);
    const PageNumber directory = directories_.back();
    directories_.pop_back();
    return directory;
  }
  const auto directory = pages_.allocate();
  if (!directory) return {};
  kernel_.did(KernelPath::directory_page);
  constexpr std::uint32_t lines = 64;
  kernel_.work.streams(directory->value, lines, {kernel_.work.cost(KernelPath::directory_page).count / lines},
                       Processor::Stream::write);
  paging_.zero(*directory);
  paging_.make_directory(*directory);
  return directory;
}

void PageTableCache::release_table(PageNumber table) {
  kernel_.did(KernelPath::table_page);
  kernel_.uses(KernelObject::page, table.value);
  tables_.push_back(table);
}

void PageTableCache::release_directory(PageNumber directory) {
  if (kernel_.build.paravirtual) {
    directories_.push_back(directory);
    return;
  }
  paging_.unmake_directory(directory);
  pages_.free(directory);
}

void PageTableCache::trim() {
  if (size() <= high) return;
  while (size() > low) {
    if (!directories_.empty()) {
      paging_.unmake_directory(directories_.back());
      pages_.free(directories_.back());
      directories_.pop_back();
    }
    if (!tables_.empty()) {
      paging_.unmake_table(tables_.back());
      pages_.free(tables_.back());
      tables_.pop_back();
    }
  }
}

void PageTableCache::count_references(std::vector<std::uint32_t>& references) const {
  for (const PageNumber table : tables_) ++references[table.value];
  for (const PageNumber directory : directories_) ++references[directory.value];
}

}  // namespace xensim
