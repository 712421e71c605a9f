/// A machine with domains whose hypercalls a test makes one by one.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "models/memory/audit.hpp"
#include "models/memory/descriptor_tables.hpp"
#include "models/memory/page_validation.hpp"
#include "tests/models/memory/domain_image.hpp"

namespace xensim::test {

constexpr MemoryRules without_slack(MemoryRules rules) {
  rules.slack = 0;
  return rules;
}

/// Counts as section "worked examples" writes them: of Xen 1.0, where the pin is none of the references.
struct Counts {
  std::uint32_t total, typed;
  bool pinned = false;
  bool operator==(const Counts&) const = default;
};
inline void PrintTo(const Counts& counts, std::ostream* out) {
  *out << counts.total << '/' << counts.typed << (counts.pinned ? " and pinned" : "");
}

class MemoryBench {
 public:
  explicit MemoryBench(const MemoryRules& rules, std::uint32_t frames = 256)
      : machine(without_slack(rules), frames, 8) {}

  MemoryDomain& add(std::uint32_t pages) {
    MemoryDomain& domain = domains.emplace_back();
    domain.id = DomainId{static_cast<std::uint32_t>(domains.size())};
    if (!reserve(machine, domain, pages)) throw std::logic_error("no room for the domain");
    return domain;
  }
  /// One that runs on an image.
  std::pair<MemoryDomain&, DomainImage> add_running(std::uint32_t pages) {
    MemoryDomain& domain = domains.emplace_back();
    domain.id = DomainId{static_cast<std::uint32_t>(domains.size())};
    DomainImage image = build_domain(machine, cpu, domain0, domain, pages);
    cpu.work = {};
    cpu.owed.clear();
    return {domain, std::move(image)};
  }

  MemoryCall as(MemoryDomain& domain) { return {machine, cpu, domain}; }
  PageUpdateResult update(MemoryDomain& domain, std::initializer_list<PageRequest> requests) {
    return update_pages(as(domain), {requests.begin(), requests.size()});
  }
  [[nodiscard]] PageRequest entry(FrameNumber table, std::uint32_t index, PageTableEntry e) const {
    return entry_at(machine.rules, table, index, e);
  }
  /// By the address at which the image maps the table.
  [[nodiscard]] PageRequest virtual_entry(std::uint32_t page, std::uint32_t index, PageTableEntry e) const {
    return make_request(machine.rules, PageCommand::normal, DomainImage::address_of(page).value + index * 4,
                        e.bits);
  }
  [[nodiscard]] PageRequest extended(ExtendedCommand command, FrameNumber frame = {0},
                                     std::uint32_t argument = 0) const {
    return make_request(machine.rules, command, frame.value * page_size, argument);
  }
  [[nodiscard]] const Frame& frame(FrameNumber f) const { return machine.frames[f]; }
  [[nodiscard]] Counts counts(FrameNumber f) const {
    const std::uint32_t pin = frame(f).pinned;
    return {frame(f).total - pin, frame(f).typed - pin, pin != 0};
  }
  [[nodiscard]] std::uint64_t did(MemoryStep step) const { return cpu.work[step]; }
  [[nodiscard]] std::string audit(std::span<const HeldReference> held = {},
                                  std::span<const CachedTranslation> cached = {}) const {
    std::vector<const MemoryDomain*> all{&domain0};
    for (const MemoryDomain& domain : domains) all.push_back(&domain);
    return audit_memory(machine, {.domains = all, .held = held, .cached = cached});
  }

  MachineMemory machine;
  MemoryCpu cpu{};
  MemoryDomain domain0{.id = DomainId{0}, .privileged = true};
  std::deque<MemoryDomain> domains;
};

inline constexpr PageTableEntry writable(FrameNumber frame) {
  return PageTableEntry::to(frame, writable_page);
}
inline constexpr PageTableEntry read_only(FrameNumber frame) {
  return PageTableEntry::to(frame, read_only_page);
}

}  // namespace xensim::test
