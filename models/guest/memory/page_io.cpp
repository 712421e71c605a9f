#include "models/guest/memory/page_io.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/guest/files/disk_work.hpp"

namespace xensim {

std::uint64_t PageIo::sector_of(const Page& page) const {
  const bool swapped = page.file == memory_.swap.get();
  const std::uint64_t block = page.file->block(page.index) + (swapped ? 0 : swap_slots_);
  return sector_at(block);
}

std::uint64_t PageIo::sector_at(std::uint64_t page_of_disk) const {
  return page_of_disk * sectors_per_page % (device_.sectors() - sectors_per_page);
}

bool PageIo::submit(const BlockIo& io, Time at) {
  if (!device_.submit(io, at)) return false;
  charge_submission(memory_.kernel);
  charge_commands();
  return true;
}

bool PageIo::start(PageNumber page, bool write, Time at) {
  Page& state = memory_.pages[page];
  const bool swapped = state.file == memory_.swap.get();
  const BlockIo io{.sector = sector_of(state),
                   .sectors = sectors_per_page,
                   .write = write,
                   .partition = swapped ? 1U : 0U,
                   .tag = BufferId::of(page).value,
                   .page = page.value};
  if (!submit(io, at)) return false;
  state.locked = true;
  state.reading = !write;
  memory_.pages.get(page);
  ++in_flight_;
  if (write) {
    state.dirty = false;
    memory_.dirty.remove(BufferId::of(page));
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

bool PageIo::write(BlockNumber block, Time at) {
  const BlockIo io{.sector = sector_at(std::uint64_t{swap_slots_} + block.value),
                   .sectors = sectors_per_page,
                   .write = true,
                   .partition = 0,
                   .tag = BufferId::of(block).value,
                   .page = buffer_cache_page};
  if (!submit(io, at)) return false;
  busy_blocks_.insert(block);
  memory_.dirty.remove(BufferId::of(block));
  ++counts_.blocks;
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
      const BufferId buffer{tag};
      if (finished.failed && !buffer.is_block()) fail(buffer.page());
      finish(buffer, wakes);
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

void PageIo::finish(BufferId buffer, Wakes& wakes) {
  memory_.kernel.did(KernelPath::page_io_end);
  if (const auto waiters = waiters_.find(buffer); waiters != waiters_.end()) {
    memory_.kernel.did(KernelPath::wake_process, waiters->second.size());
    for (const ProcessId process : waiters->second) wakes.push_back({process});
    waiters_.erase(waiters);
  }
  if (buffer.is_block()) {
    busy_blocks_.erase(buffer.block());
    if (written_) written_(buffer.block());
    return;
  }
  Page& page = memory_.pages[buffer.page()];
  page.locked = page.reading = page.laundered = false;
  --in_flight_;
  memory_.put(buffer.page());
}

std::string PageIo::audit(std::vector<std::uint32_t>& references) const {
  std::uint64_t locked = 0;
  for (std::uint32_t page = 0; page < memory_.pages.size(); ++page) {
    if (!memory_.pages[{page}].locked) continue;
    ++references[page];
    ++locked;
  }
  if (locked != in_flight_) return fmt::format("{} pages are locked, {} under way", locked, in_flight_);
  if (device_.outstanding() != in_flight()) {
    return fmt::format("{} buffers are under way, the device has {}", in_flight(), device_.outstanding());
  }
  for (const auto& [buffer, waiters] : waiters_) {
    if (!busy(buffer)) return fmt::format("{} processes wait for {} in vain", waiters.size(), buffer.value);
  }
  return device_.audit();
}

}  // namespace xensim
