#include "models/host/monitor/domain_memory.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "models/memory/balloon.hpp"
#include "models/memory/page_update.hpp"
#include "models/memory/page_validation.hpp"

namespace xensim {
namespace {

using Entry = PageTableEntry;

class Builder {
 public:
  Builder(MachineMemory& machine, const KernelLayout& layout, std::vector<FrameNumber> frames)
      : machine_(machine), layout_(layout), frames_(std::move(frames)) {
    requests_.reserve(2 * std::size_t{layout.pages} + layout.tables() + 1);
  }

  [[nodiscard]] std::vector<PageRequest> requests() && {
    const bool directly = machine_.rules.virtual_entries;
    for (std::uint32_t i = layout_.start_info().value + 1; i < layout_.pages; ++i) {
      machine_.contents.clear(frames_[i]);
    }
    const FrameNumber directory = frame(layout_.directory());
    const PageRequest pin =
        make_request(machine_.rules, ExtendedCommand::pin_l2, directory.value * page_size);
    if (!directly) requests_.push_back(pin);
    for (std::uint32_t i = 0; i < layout_.pages; ++i) {
      const PageNumber page{i};
      const FrameNumber table = frame(layout_.table(i / entries_per_table));
      if (i % entries_per_table == 0) set_table(directory, i / entries_per_table, table);
      const std::uint32_t access =
          layout_.holds_tables(page) ? Entry::kernel_read_only : Entry::kernel_writable;
      set(table, i % entries_per_table, Entry::to(frame(page), access));
      requests_.push_back(make_request(machine_.rules, PageCommand::m2p, frame(page).value * page_size, i));
    }
    // The shared page alone may need a table more.
    const std::uint32_t last = layout_.tables() - 1;
    if (layout_.pages % entries_per_table == 0) set_table(directory, last, frame(layout_.table(last)));
    if (directly) requests_.push_back(pin);
    return std::move(requests_);
  }

 private:
  [[nodiscard]] FrameNumber frame(PageNumber page) const { return frames_[page.value]; }

  void set_table(FrameNumber directory, std::uint32_t number, FrameNumber table) {
    const std::uint32_t index = KernelLayout::base.directory_index() + number;
    set(directory, index, Entry::to(table, Entry::kernel_writable | Entry::user));
  }
  void set(FrameNumber table, std::uint32_t index, Entry entry) {
    if (machine_.rules.virtual_entries) {
      machine_.contents.store(table, index, entry.bits);
    } else {
      requests_.push_back(
          make_request(machine_.rules, PageCommand::normal, table.value * page_size + index * 4, entry.bits));
    }
  }

  MachineMemory& machine_;
  const KernelLayout& layout_;
  std::vector<FrameNumber> frames_;
  std::vector<PageRequest> requests_;
};

}  // namespace

std::vector<FrameNumber> domain_frames(const MachineMemory& machine, const MemoryDomain& domain) {
  std::vector<FrameNumber> frames;
  frames.reserve(domain.frames.count);
  for (FrameNumber f = domain.frames.first; f.valid(); f = machine.frames[f].next) frames.push_back(f);
  return frames;
}

std::vector<PageRequest> building_requests(MachineMemory& machine, const KernelLayout& layout,
                                           std::vector<FrameNumber> frames) {
  return Builder(machine, layout, std::move(frames)).requests();
}

void take_base(const MemoryCall& call, MemoryDomain& domain, const KernelLayout& layout) {
  const FrameNumber directory = domain_frames(call.machine, domain)[layout.directory().value];
  if (!take_table({call.machine, call.cpu, domain}, directory, FrameType::l2)) {
    throw SimulationError(fmt::format("domain {} cannot run on its own directory", domain.id.value));
  }
  domain.base = directory;
}

std::optional<KernelLayout> build_domain_memory(const MemoryCall& call, MemoryDomain& domain,
                                                std::uint32_t pages) {
  if (pages < KernelLayout::fewest_pages || pages > KernelLayout::most_pages) {
    throw SimulationError(fmt::format("domain {} cannot be built with {} pages: from {} to {} are possible",
                                      domain.id.value, pages, KernelLayout::fewest_pages,
                                      KernelLayout::most_pages));
  }
  if (!reserve(call.machine, domain, pages)) return {};
  const KernelLayout layout{pages};
  const std::vector<PageRequest> requests =
      building_requests(call.machine, layout, domain_frames(call.machine, domain));
  const PageUpdateResult result = update_pages(call, requests);
  if (result.status != HypercallStatus::done) {
    throw SimulationError(fmt::format("the monitor refused request {} of {} that build domain {}",
                                      result.done + 1, requests.size(), domain.id.value));
  }
  take_base(call, domain, layout);
  return layout;
}

}  // namespace xensim
