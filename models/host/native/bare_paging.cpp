#include "models/host/native/bare_paging.hpp"

#include <algorithm>
#include <bit>

namespace xensim {
namespace {

constexpr std::uint32_t low_entries = 224;  ///< of 4 MB: 896 MB

}  // namespace

BarePaging::BarePaging(PhysicalMemory& memory, std::uint32_t pages, Hooks hooks)
    : Paging(memory), hooks_(std::move(hooks)), loaded_(32) {
  for (std::uint32_t i = 0; i < pages; ++i) {
    identity_frames_.push_back({i});
    identity_pages_.push_back(i);
  }
  frames_ = identity_frames_;
  pages_ = identity_pages_;
}

void BarePaging::make_directory(PageNumber directory) {
  using Entry = PageTableEntry;
  constexpr std::uint32_t kernel_begin = 768;
  const auto pages = static_cast<std::uint32_t>(frames_.size());
  PhysicalMemory::Words& words = memory_.words(frame(directory));
  for (std::uint32_t i = 0; i < low_entries && i * entries_per_table < pages; ++i) {
    words[kernel_begin + i] =
        Entry::to({i * entries_per_table}, Entry::present | Entry::writable | Entry::accessed | Entry::dirty |
                                               Entry::large | Entry::global)
            .bits;
  }
}

std::uint32_t BarePaging::mapped_pages() const {
  return std::min(low_entries * entries_per_table, static_cast<std::uint32_t>(frames_.size()));
}

void BarePaging::set_entries(PageNumber table, std::span<const EntryUpdate> updates) {
  PhysicalMemory::Words& words = memory_.words(frame(table));
  for (const EntryUpdate& update : updates) words[update.index] = update.entry.bits;
  counts_.table_entries += updates.size();
}

void BarePaging::set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) {
  memory_.store(frame(directory), index, entry.bits);
  ++counts_.directory_entries;
}

void BarePaging::flush(PageNumber directory, std::uint32_t processors) {
  if (loaded_[processor_] == directory) {
    ++counts_.flushes;
    if (hooks_.flush) hooks_.flush();
  }
  flush_others(processors, nullptr);
}

void BarePaging::flush_page(PageNumber directory, Address address, std::uint32_t processors) {
  if (loaded_[processor_] == directory) {
    ++counts_.page_flushes;
    if (hooks_.flush_page) hooks_.flush_page(address);
  }
  flush_others(processors, &address);
}

void BarePaging::flush_others(std::uint32_t processors, const Address* address) {
  const std::uint32_t others = processors & ~(1u << processor_);
  if (others == 0) return;
  counts_.remote_flushes += static_cast<std::uint64_t>(std::popcount(others));
  if (hooks_.remote) hooks_.remote(others, address);
}

}  // namespace xensim
