/// How domain 0 lays out a new domain: a directory and tables that map all its pages at one place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "models/memory/balloon.hpp"
#include "models/memory/page_update.hpp"

namespace xensim::test {

inline constexpr Address kernel_base{0xc0000000};
inline constexpr std::uint32_t writable_page = PageTableEntry::present | PageTableEntry::writable;
inline constexpr std::uint32_t read_only_page = PageTableEntry::present;

/// Frames of a domain: the directory, then the tables, then everything else; page `i` is the i-th of them and
/// the first `mapped` are mapped at `kernel_base + i * 4096`, tables and directory read-only.
struct DomainImage {
  std::uint32_t tables = 0, mapped = 0;
  std::vector<FrameNumber> pages{};

  [[nodiscard]] FrameNumber directory() const { return pages.front(); }
  [[nodiscard]] FrameNumber table(std::uint32_t i) const { return pages[1 + i]; }
  [[nodiscard]] bool is_table(std::uint32_t page) const { return page <= tables; }
  [[nodiscard]] static Address address_of(std::uint32_t page) {
    return {kernel_base.value + page * page_size};
  }
};

inline std::vector<FrameNumber> frames_of(const MachineMemory& machine, const MemoryDomain& domain) {
  std::vector<FrameNumber> frames;
  for (FrameNumber f = domain.frames.first; f.valid(); f = machine.frames[f].next) frames.push_back(f);
  return frames;
}

inline PageRequest entry_at(const MemoryRules& rules, FrameNumber table, std::uint32_t index,
                            PageTableEntry entry) {
  return make_request(rules, PageCommand::normal, table.value * page_size + index * 4, entry.bits);
}

/// The requests that build an image for the rules' release. With machine addresses as the builder of Xen 1.0
/// makes them: the empty directory is pinned first. With virtual ones domain 0 has written the tables through
/// mappings of its own and has them validated at once.
inline std::vector<PageRequest> image_requests(MachineMemory& machine, const DomainImage& image) {
  const MemoryRules& rules = machine.rules;
  std::vector<PageRequest> requests;
  for (std::uint32_t i = 0; i <= image.tables; ++i) machine.contents.clear(image.pages[i]);
  const auto set = [&](FrameNumber table, std::uint32_t index, PageTableEntry entry) {
    if (rules.virtual_entries) {
      machine.contents.store(table, index, entry.bits);
    } else {
      requests.push_back(entry_at(rules, table, index, entry));
    }
  };
  const PageRequest pin = make_request(rules, ExtendedCommand::pin_l2, image.directory().value * page_size);
  if (!rules.virtual_entries) requests.push_back(pin);
  for (std::uint32_t i = 0; i < image.tables; ++i) {
    set(image.directory(), kernel_base.directory_index() + i,
        PageTableEntry::to(image.table(i), writable_page));
  }
  for (std::uint32_t i = 0; i < image.pages.size(); ++i) {
    if (i < image.mapped) {
      set(image.table(i / entries_per_table), i % entries_per_table,
          PageTableEntry::to(image.pages[i], image.is_table(i) ? read_only_page : writable_page));
    }
    requests.push_back(make_request(rules, PageCommand::m2p, image.pages[i].value * page_size, i));
  }
  if (rules.virtual_entries) requests.push_back(pin);
  return requests;
}

/// Reserves `pages`, builds the image and starts the domain on it.
inline DomainImage build_domain(MachineMemory& machine, MemoryCpu& cpu, MemoryDomain& domain0,
                                MemoryDomain& domain, std::uint32_t pages,
                                std::uint32_t mapped = UINT32_MAX) {
  if (!reserve(machine, domain, pages)) throw std::logic_error("no room for the domain");
  const DomainImage image{.tables = (pages + entries_per_table - 1) / entries_per_table,
                          .mapped = std::min(mapped, pages),
                          .pages = frames_of(machine, domain)};
  const auto requests = image_requests(machine, image);
  const PageRequest start =
      make_request(machine.rules, ExtendedCommand::new_base, image.directory().value * page_size);
  if (update_pages({machine, cpu, domain0}, requests).status != HypercallStatus::done ||
      update_pages({machine, cpu, domain}, {&start, 1}).status != HypercallStatus::done) {
    throw std::logic_error("the image was refused");
  }
  return image;
}

}  // namespace xensim::test
