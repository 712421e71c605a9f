#include "models/host/xen/xen_paging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "models/memory/descriptor_tables.hpp"

namespace xensim {
namespace {

using Entry = PageTableEntry;

}  // namespace

XenPaging::XenPaging(MachineMemory& machine, MemoryCpu& processor, MemoryDomain& domain,
                     const KernelLayout& layout, Hooks hooks, std::size_t queue_length)
    : Paging(machine.contents),
      machine_(machine),
      cpu_(&processor),
      domain_(domain),
      layout_(layout),
      hooks_(std::move(hooks)),
      queue_length_(queue_length),
      normal_(make_request(machine.rules, PageCommand::normal, 0, 0).pointer),
      load_(make_request(machine.rules, ExtendedCommand::new_base, 0, 0)),
      own_frames_(domain_frames(machine, domain)),
      loaded_(layout.directory()) {
  queue_.reserve(queue_length);
  frames_ = own_frames_;
  pages_ = machine.machine_to_physical;
}

void XenPaging::queue(ExtendedCommand command, PageNumber page, std::uint32_t argument) {
  queue(make_request(machine_.rules, command, frame(page).value * page_size, argument));
}

void XenPaging::map(PageNumber page, Access access) {
  const bool writable = access == Access::write;
  map(page, Entry::to(frame(page), writable ? Entry::kernel_writable : Entry::kernel_read_only));
}

void XenPaging::map(PageNumber page, PageTableEntry entry) {
  ++counts_.mapping_entries;
  queue_entry(layout_.table(page.value / entries_per_table), page.value % entries_per_table, entry);
}

void XenPaging::exchanged(PageNumber page) {
  own_frames_[page.value] =
      entry(layout_.table(page.value / entries_per_table), page.value % entries_per_table).frame();
}

void XenPaging::make_table(PageNumber table) {
  map(table, Access::read);
  ++counts_.pins;
  queue(ExtendedCommand::pin_l1, table);
}

void XenPaging::make_directory(PageNumber directory) {
  about_to_write(directory);
  PhysicalMemory::Words& words = memory_.words(frame(directory));
  const PhysicalMemory::Words& first = *memory_.contents(frame(layout_.directory()));
  constexpr std::uint32_t kernel_begin = KernelLayout::base.directory_index();
  std::copy(first.begin() + kernel_begin, first.begin() + guest_directory_entries,
            words.begin() + kernel_begin);
  map(directory, Access::read);
  ++counts_.pins;
  queue(ExtendedCommand::pin_l2, directory);
}

bool XenPaging::is_writable(PageNumber page) const {
  return entry(layout_.table(page.value / entries_per_table), page.value % entries_per_table)
      .has(Entry::writable);
}

void XenPaging::unmake(PageNumber table) {
  if (is_writable(table)) (void)commit();  // it was made by what is still in the queue
  ++counts_.unpins;
  unmade_.push_back(table);
  queue(ExtendedCommand::unpin, table);
  map(table, Access::write);
}

void XenPaging::set_entries(PageNumber table, std::span<const EntryUpdate> updates) {
  counts_.table_entries += updates.size();
  if (abandoned_) return;
  counts_.requests += updates.size();
  const std::uint32_t first = word_of(table, 0) | normal_;
  while (!updates.empty()) {
    const std::size_t queued = queue_.size(), added = std::min(updates.size(), queue_length_ - queued);
    queue_.resize(queued + added);
    std::transform(updates.begin(), updates.begin() + static_cast<std::ptrdiff_t>(added),
                   queue_.begin() + static_cast<std::ptrdiff_t>(queued), [&](const EntryUpdate& update) {
                     return PageRequest{first + update.index * 4, update.entry.bits};
                   });
    updates = updates.subspan(added);
    if (queue_.size() == queue_length_) (void)commit();
  }
}

void XenPaging::set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) {
  ++counts_.directory_entries;
  queue_entry(directory, index, entry);
}

bool XenPaging::commit() {
  if (queue_.empty()) return false;
  ++counts_.hypercalls;
  const auto requests = static_cast<std::uint32_t>(queue_.size());
  send();
  returned(requests, 1);
  return true;
}

void XenPaging::flush(PageNumber directory, std::uint32_t /*processors*/) {
  if (directory == loaded_) {
    ++counts_.flushes;
    queue(ExtendedCommand::tlb_flush, directory);
  }
  (void)commit();
}

void XenPaging::flush_page(PageNumber directory, Address address, std::uint32_t /*processors*/) {
  if (directory == loaded_) {
    ++counts_.page_flushes;
    queue(ExtendedCommand::invalidate_page, directory, address.value);
  }
  (void)commit();
}

void XenPaging::load(PageNumber directory, std::uint32_t stack_pointer) {
  if (abandoned_) return;
  loaded_ = directory.valid() ? directory : layout_.directory();
  ++counts_.switches;
  queue(ExtendedCommand::new_base, loaded_);
  ++counts_.hypercalls;
  const auto requests = static_cast<std::uint32_t>(queue_.size());
  send();
  const HypercallStatus status = stack_switch({machine_, *cpu_, domain_}, flat_kernel_data, stack_pointer);
  if (status != HypercallStatus::done) {
    throw SimulationError(fmt::format("domain {}: the monitor refused a kernel stack", domain_.id.value));
  }
  returned(requests, requests == 0 ? 1 : 2);
}

void XenPaging::about_to_write(PageNumber page) {
  if (abandoned_ || is_writable(page)) return;
  ++counts_.write_faults;
  if (hooks_.write_fault) hooks_.write_fault(KernelLayout::address_of(page));
  if (commit() && is_writable(page)) return;
  throw SimulationError(fmt::format("domain {}: the kernel writes to page {}, which is a page table",
                                    domain_.id.value, page.value));
}

void XenPaging::tell_frames() {
  // What many requests in a row name stays in any cache: only that it is used among other frames matters.
  constexpr std::ptrdiff_t enough = 24;
  const auto frame_of = [](PageRequest request) { return FrameNumber{request.pointer / page_size}; };
  const std::size_t room = 1 + 3 * queue_.size();
  if (looked_at_.size() < room) looked_at_.resize(room);
  FrameNumber* const none = looked_at_.data();
  FrameNumber *last = none, *told = none;
  *none = {};
  const auto look_at = [&](FrameNumber frame) {
    if (frame != *last) *++last = frame;
  };
  FrameNumber table;
  const PhysicalMemory::Words* entries = nullptr;
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    const PageRequest request = queue_[i];
    const FrameNumber named = frame_of(request);
    const bool others_follow = i + 1 == queue_.size() || frame_of(queue_[i + 1]) != named;
    if (others_follow || named != table || last - told >= enough) {
      look_at(named);
      told = last;
      if (named != table) entries = machine_.contents.contents(named);
      table = named;
    }
    if ((request.pointer & 3) != normal_) {
      const bool loads = (request.pointer & 3) == load_.pointer && request.value == load_.value;
      if (loads && domain_.base.valid()) look_at(domain_.base);  // whose reference is dropped
      continue;
    }
    const Entry made{request.value};
    if (made.has(Entry::present)) look_at(made.frame());
    if (entries == nullptr) continue;
    const Entry old{(*entries)[request.pointer % page_size / 4]};
    if (old.has(Entry::present)) look_at(old.frame());
  }
  hooks_.frames({none + 1, last + 1});
}

void XenPaging::send() {
  if (hooks_.frames) tell_frames();
  const PageUpdateResult result = update_pages({machine_, *cpu_, domain_}, queue_);
  if (result.status != HypercallStatus::done) refused(result);
  queue_.clear();
}

void XenPaging::returned(std::uint32_t requests, std::uint32_t calls) {
  for (const PageNumber page : unmade_) memory_.clear(frame(page));
  unmade_.clear();
  const PagingCall call{.work = cpu_->work, .requests = requests, .calls = calls};
  cpu_->work = {};
  if (hooks_.hypercall) hooks_.hypercall(call);
  if (cpu_->owed.all && hooks_.flush) hooks_.flush();
  if (hooks_.flush_page) {
    for (const Address address : cpu_->owed.pages) hooks_.flush_page(address);
  }
  cpu_->owed.clear();
}

void XenPaging::refused(const PageUpdateResult& result) const {
  const PageRequest request = queue_[result.done];
  const FrameNumber named{request.pointer / page_size};
  std::string state = "of no frame";
  if (machine_.frames.exists(named)) {
    const Frame& f = machine_.frames[named];
    state = fmt::format("owner {}, type {}, {} references, {} of the type{}", f.owner_bits,
                        static_cast<unsigned>(f.type()), f.total, f.typed, f.pinned ? ", pinned" : "");
  }
  throw SimulationError(
      fmt::format("domain {}: the monitor refused request {} of {}: pointer {:#x}, value {:#x} ({})",
                  domain_.id.value, result.done + 1, queue_.size(), request.pointer, request.value, state));
}

}  // namespace xensim
