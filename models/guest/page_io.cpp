#include "models/guest/page_io.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/guest/disk_work.hpp"

namespace xensim {

std::uint64_t PageIo::sector_of(const Page& page) const {
  const bool swapped = page.file == memory_.swap.get();
  const std::uint64_t block = page.file->block(page.index) + (swapped ? 0 : swap_slots_);
  return block * sectors_per_page % (device_.sectors() - sectors_per_page);
}

bool PageIo::start(PageNumber page, bool write, Time at) {
  Page& state = memory_.pages[page];
  const bool swapped = state.file == memory_.swap.get();
  const BlockIo io{.sector = sector_of(state),
                   .sectors = sectors_per_page,
                   .write = write,
                   .partition = swapped ? 1U : 0U,
                   .tag = page.value,
                   .page = page.value};
  if (!device_.submit(io, at)) return false;
  memory_.kernel.did(KernelPath::block_submit);
  memory_.kernel.locked(4);
  charge_commands();
  state.locked = true;
  memory_.pages.get(page);
  ++in_flight_;
  if (write) {
    store(page);
    ++(swapped ? counts_.swapped_out : counts_.written);
  } else {
    // The tag alone comes back: what the page will contain is settled here.
    memory_.paging.zero(page);
    if (const auto kept = contents_.find(io.sector); kept != contents_.end()) {
      memory_.paging.fill(page, kept->second);
    }
    ++(swapped ? counts_.swapped_in : counts_.read);
  }
  return true;
}

void PageIo::store(PageNumber page) {
  const std::uint64_t sector = sector_of(memory_.pages[page]);
  if (const PhysicalMemory::Words* words = memory_.paging.contents(page)) {
    contents_[sector] = *words;
  } else {
    contents_.erase(sector);
  }
}

void PageIo::leaves(PageNumber page) {
  if (memory_.pages[page].file != memory_.swap.get()) store(page);
}

void PageIo::unplug(Time at) {
  device_.unplug(at);
  charge_commands();
}

void PageIo::charge_commands() { xensim::charge_commands(memory_.kernel, device_); }

void PageIo::interrupt(Time at, Wakes& wakes) {
  for (const FinishedIo& finished : device_.take_completed(at)) {
    charge_completion(memory_.kernel, device_);
    for (const std::uint64_t tag : finished.tags) {
      if (finished.failed) fail({static_cast<std::uint32_t>(tag)});
      finish({static_cast<std::uint32_t>(tag)}, wakes);
    }
  }
  charge_commands();
  for (const bool write : {false, true}) {
    if (!device_.has_room(write)) continue;
    for (const ProcessId process : std::exchange(request_waiters_[write ? 1 : 0], {})) {
      wakes.push_back({process});
    }
  }
}

void PageIo::fail(PageNumber page) {
  ++counts_.failed;
  memory_.paging.zero(page);
  contents_.erase(sector_of(memory_.pages[page]));
}

void PageIo::finish(PageNumber page, Wakes& wakes) {
  memory_.kernel.did(KernelPath::page_io_end);
  memory_.pages[page].locked = false;
  memory_.pages[page].laundered = false;
  --in_flight_;
  if (const auto waiters = page_waiters_.find(page.value); waiters != page_waiters_.end()) {
    memory_.kernel.did(KernelPath::wake_process, waiters->second.size());
    for (const ProcessId process : waiters->second) wakes.push_back({process});
    page_waiters_.erase(waiters);
  }
  memory_.put(page);
}

std::string PageIo::audit(std::vector<std::uint32_t>& references) const {
  std::uint64_t locked = 0;
  for (std::uint32_t page = 0; page < memory_.pages.size(); ++page) {
    if (!memory_.pages[{page}].locked) continue;
    ++references[page];
    ++locked;
  }
  if (locked != in_flight_) return fmt::format("{} pages are locked, {} under way", locked, in_flight_);
  if (device_.outstanding() != in_flight_) {
    return fmt::format("{} pages are under way, the device has {}", in_flight_, device_.outstanding());
  }
  for (const auto& [page, waiters] : page_waiters_) {
    if (!memory_.pages[{page}].locked)
      return fmt::format("{} processes wait for page {} in vain", waiters.size(), page);
  }
  return device_.audit();
}

}  // namespace xensim
