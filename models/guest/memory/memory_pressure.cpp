#include "models/guest/memory/memory_pressure.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

MemoryPressure::MemoryPressure(GuestKernel& scheduler, VirtualMachine& processors, GuestMemory& memory,
                               GuestDisk& disk, std::uint32_t swap_slots)
    : scheduler_(scheduler), processors_(processors), memory_(memory), io_(memory, disk, swap_slots) {
  memory_.swap = std::make_unique<SwapCache>(memory_.pages, swap_slots);
}

bool MemoryPressure::make_room(GuestProcess& caller, std::uint32_t pages) {
  const auto lacking = memory_.pages.short_of(pages);
  if (!lacking) return true;
  memory_.pages.ask_for_balance(*lacking);
  if (caller.kernel_thread || caller.dies) return true;
  if (!caller.reclaim && !memory_.pages.badly_short_of(pages)) return true;
  ++counts_.direct;
  Reclaim::Next next{};
  if (!reclaim_step(caller, memory_.pages.highest_zone(*lacking), next)) return false;
  if (next == Reclaim::Next::freed && !memory_.pages.badly_short_of(pages)) return true;
  caller.again = true;
  if (next == Reclaim::Next::failed) {
    kill_ = kill_ || out_of_memory_.failed(scheduler_.ticks(), memory_.swap->slots.free_slots());
    scheduler_.yield(caller.processor);
  }
  return false;
}

MemoryPressure::Room MemoryPressure::look_for_room(GuestProcess& caller, std::uint32_t pages) {
  const auto lacking = memory_.pages.short_of(pages);
  if (!lacking) return Room::there;
  memory_.pages.ask_for_balance(*lacking);
  ++counts_.direct;
  Reclaim::Next next{};
  if (!reclaim_step(caller, memory_.pages.highest_zone(*lacking), next)) return Room::later;
  if (!memory_.pages.short_of(pages)) return Room::there;
  if (next == Reclaim::Next::failed) return Room::none;
  caller.again = true;
  return Room::later;
}

bool MemoryPressure::reclaim_step(GuestProcess& caller, std::size_t zone, Reclaim::Next& next) {
  using enum Reclaim::Next;
  if (!caller.reclaim) caller.reclaim = std::make_unique<Reclaim>(memory_, io_, zone);
  next = caller.reclaim->step(now(caller));
  switch (next) {
    case more:
      caller.again = true;
      return false;
    case wait_for_page:
      sleep_for(caller, BufferId::of(caller.reclaim->page()));
      return false;
    case wait_for_request:
      sleep_for_request(caller, true);
      return false;
    case freed:
    case failed:
      break;
  }
  caller.reclaim.reset();
  return true;
}

void MemoryPressure::sleep_for(GuestProcess& caller, BufferId buffer) {
  ++counts_.page_waits;
  memory_.kernel.did(KernelPath::wait_entry);
  io_.unplug(now(caller));
  io_.wait_for(buffer, caller.id);
  caller.sleeps = true;
}

void MemoryPressure::sleep_for_request(GuestProcess& caller, bool write) {
  io_.unplug(now(caller));
  if (io_.device().free_requests(write) > 0) {
    caller.again = true;
    return;
  }
  ++counts_.request_waits;
  io_.wait_for_request(write, caller.id);
  caller.sleeps = true;
}

void MemoryPressure::free_some(GuestProcess& caller) {
  if (caller.dies) return;
  Reclaim::Next next{};
  // Most often a stack of two pages for which there is no block: from where the kernel may take it.
  (void)reclaim_step(caller, memory_.pages.highest_zone(PageAllocator::Use::kernel), next);
  if (!caller.sleeps) caller.again = true;
}

bool MemoryPressure::handle(GuestProcess& caller, const FaultResult& fault) {
  using enum FaultResult::Outcome;
  switch (fault.outcome) {
    case read_page:
      read_pages(caller, *fault.file, fault.index);
      return true;
    case read_slot:
      read_slots(caller, fault.index);
      return true;
    case wait_page:
      sleep_for(caller, BufferId::of(PageNumber{fault.index}));
      return true;
    case no_memory:
      // Between making room and here others took it.
      caller.again = !caller.dies;
      return caller.again;
    default:
      return false;
  }
}

bool MemoryPressure::file_page_ready(GuestProcess& caller, MappedFile& file, std::uint32_t index) {
  const auto page = file.page(index);
  if (page && !memory_.pages[*page].reading) return true;
  if (page) {
    sleep_for(caller, BufferId::of(*page));
  } else if (file.on_disk(index)) {
    read_pages(caller, file, index);
  } else {
    return true;
  }
  return false;
}

bool MemoryPressure::read(MappedFile& file, std::uint32_t index, Time at) {
  const bool swapped = &file == memory_.swap.get();
  const auto page = memory_.pages.allocate_user();
  if (!page) return false;
  memory_.kernel.did(KernelPath::page_cache_insert);
  memory_.kernel.locked(5);
  if (swapped) {
    memory_.swap->add(*page, index);
    memory_.pages.put(*page);
  } else {
    memory_.pages[*page].file = &file;
    memory_.pages[*page].index = index;
    file.remember(index, *page);
    ++memory_.file_pages;
  }
  memory_.pages.lists().enter(*page);
  if (io_.start(*page, false, at)) return true;
  if (swapped) {
    memory_.swap->drop(*page);
  } else {
    file.forget(index);
    memory_.pages[*page].file = nullptr;
    --memory_.file_pages;
    memory_.pages.put(*page);
  }
  return false;
}

void MemoryPressure::read_slots(GuestProcess& caller, std::uint32_t slot) {
  SwapCache& swap = *memory_.swap;
  const std::uint32_t first = std::max(slot / read_cluster * read_cluster, 1U);
  const std::uint32_t end = std::min(slot / read_cluster * read_cluster + read_cluster, swap.slots.size());
  for (std::uint32_t near = first; near < end && swap.slots.count(near) > 0; ++near) {
    if (!swap.page(near) && !read(swap, near, now(caller))) break;
  }
  if (!swap.page(slot) && !read(swap, slot, now(caller))) {
    return sleep_for_request(caller, false);  // or at once again, if it was memory that lacked
  }
  sleep_for(caller, BufferId::of(*swap.page(slot)));
}

void MemoryPressure::read_pages(GuestProcess& caller, MappedFile& file, std::uint32_t index) {
  const std::uint32_t first = index / read_cluster * read_cluster;
  const std::uint32_t end = std::min(first + read_cluster, file.pages());
  for (std::uint32_t near = first; near < end; ++near) {
    if (!file.page(near) && file.on_disk(near) && !read(file, near, now(caller))) break;
  }
  if (!file.page(index) && !read(file, index, now(caller))) {
    return sleep_for_request(caller, false);
  }
  sleep_for(caller, BufferId::of(*file.page(index)));
}

Wakes MemoryPressure::interrupt(unsigned vcpu) {
  Wakes wakes;
  io_.interrupt(processors_.processor(vcpu).clock.local(), wakes);
  return wakes;
}

GuestProcess* MemoryPressure::after_step(unsigned vcpu,
                                         std::vector<std::unique_ptr<GuestProcess>>& processes) {
  GuestProcess* victim = std::exchange(kill_, false) ? kill_somebody(processes) : nullptr;
  if (!memory_.pages.needs_balance()) return victim;
  if (!daemon_.valid()) {
    daemon_ = scheduler_.start_thread(vcpu, "kswapd", run_daemon(*this));
  } else if (std::exchange(daemon_sleeps_, false)) {
    memory_.kernel.did(KernelPath::wake_process);
    scheduler_.wake(vcpu, daemon_);
  }
  return victim;
}

Program MemoryPressure::run_daemon(MemoryPressure& pressure) {
  for (;;) {
    const std::int64_t failed = co_await pressure.balance_call();
    if (failed != 0) co_yield Sleep{1s};
  }
}

Call MemoryPressure::balance_call() {
  return Call{Call::Kind::instructions,
              [this](ProcessKernel& /*kernel*/, GuestProcess& self) { return balance(self); }};
}

CallResult MemoryPressure::balance(GuestProcess& daemon) {
  const auto& zones = memory_.pages.zones();
  for (std::size_t zone = zones.size(); zone-- > 0;) {
    if (!zones[zone].needs_balance) continue;
    ++counts_.daemon;
    Reclaim::Next next{};
    if (!reclaim_step(daemon, zone, next)) return {};
    const bool failed = next == Reclaim::Next::failed;
    if (failed) kill_ = kill_ || out_of_memory_.failed(scheduler_.ticks(), memory_.swap->slots.free_slots());
    if (failed || memory_.pages.above_high(zone)) memory_.pages.balanced(zone);
    if (failed) return {.value = 1};
    daemon.again = true;
    return {};
  }
  io_.unplug(now(daemon));
  daemon_sleeps_ = true;
  return {.sleeps = true};
}

GuestProcess* MemoryPressure::kill_somebody(std::vector<std::unique_ptr<GuestProcess>>& processes) {
  GuestProcess* worst = nullptr;
  std::uint64_t most = 0;
  for (const auto& process : processes) {
    if (!process || !process->space || process->kernel_thread || process->dies) continue;
    memory_.kernel.did(KernelPath::memory_victim);
    const std::uint64_t points = badness({.mapped_pages = process->space->mapped_pages(),
                                          .ticks = scheduler_.ticks_of(process->id),
                                          .age = scheduler_.ticks() - process->started});
    if (points <= most) continue;
    most = points;
    worst = process.get();
  }
  if (worst == nullptr) return nullptr;
  ++counts_.kills;
  worst->dies = true;
  worst->signals.force(signal_number::kill);
  scheduler_.hurry(worst->id);
  // Whoever has lent it its memory has the same, and goes, too.
  if (worst->lender.valid()) {
    GuestProcess& lender = *processes[worst->lender.value];
    lender.dies = true;
    lender.signals.force(signal_number::kill);
    scheduler_.hurry(lender.id);
  }
  return worst;
}

std::string MemoryPressure::audit(std::vector<std::uint32_t>& references,
                                  std::vector<std::uint32_t>& slots) const {
  for (std::uint32_t page = 0; page < memory_.pages.size(); ++page) {
    if (memory_.pages[{page}].file == memory_.swap.get()) ++slots[memory_.pages[{page}].index];
  }
  if (std::string fault = memory_.swap->slots.audit(slots); !fault.empty()) return fault;
  return io_.audit(references);
}

}  // namespace xensim
