#include "models/guest/files/raw_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/guest/files/disk_work.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t sectors_per_page = page_size / sector_bytes;

}  // namespace

void RawIo::pin(ProcessId process, PageNumber page) {
  memory_.kernel.did(KernelPath::raw_page);
  memory_.pages.get(page);
  transfers_[process.value].pages.push_back(page);
}

CallResult RawIo::step(GuestProcess& caller, const Self::RawTransfer& transfer, Time at) {
  const auto own = transfers_.find(caller.id.value);
  Transfer& state = own->second;
  GuestDisk& disk = *disks_[transfer.disk];
  for (; state.submitted < state.pages.size(); ++state.submitted) {
    const std::uint32_t before = state.submitted * sectors_per_page;
    const BlockIo io{.sector = transfer.sector + before,
                     .sectors = std::min(transfer.bytes / sector_bytes - before, sectors_per_page),
                     .write = transfer.write,
                     .tag = next_tag_,
                     .page = state.pages[state.submitted].value};
    if (!disk.submit(io, at)) {
      disk.unplug(at);
      charge_commands(memory_.kernel, disk);
      if (disk.free_requests(transfer.write) > 0) {
        caller.again = true;
        return {};
      }
      waiters_[transfer.write ? 1 : 0].emplace_back(transfer.disk, caller.id);
      caller.sleeps = true;
      return {};
    }
    buffers_[next_tag_++] = caller.id.value;
    charge_submission(memory_.kernel);
    charge_commands(memory_.kernel, disk);
  }
  if (state.complete < state.pages.size()) {
    memory_.kernel.did(KernelPath::wait_entry);
    disk.unplug(at);
    charge_commands(memory_.kernel, disk);
    caller.sleeps = true;
    return {};
  }
  const bool failed = state.failed;
  release(own);
  if (failed) return CallResult::failed(CallError::io_error);
  return {.value = transfer.bytes};
}

void RawIo::release(Transfers::iterator transfer) {
  for (const PageNumber page : transfer->second.pages) memory_.put(page);
  transfers_.erase(transfer);
}

void RawIo::abandon(ProcessId process) {
  const auto own = transfers_.find(process.value);
  if (own == transfers_.end()) return;
  for (auto& waiters : waiters_) {
    std::erase_if(waiters, [&](const auto& waiter) { return waiter.second == process; });
  }
  if (own->second.complete == own->second.submitted) return release(own);
  own->second.abandoned = true;
  // The process's number may be another's before the disk is done.
  auto transfer = transfers_.extract(own);
  transfer.key() = next_abandoned_++;
  for (auto& [tag, owner] : buffers_) {
    if (owner == process.value) owner = transfer.key();
  }
  transfers_.insert(std::move(transfer));
}

void RawIo::interrupt(Time at, Wakes& wakes) {
  for (unsigned i = 0; i < disks_.size(); ++i) {
    GuestDisk& disk = *disks_[i];
    for (const FinishedIo& finished : disk.take_completed(at)) {
      charge_completion(memory_.kernel, disk);
      complete(finished, wakes);
    }
    charge_commands(memory_.kernel, disk);
    for (const bool write : {false, true}) {
      if (!disk.has_room(write)) continue;
      std::erase_if(waiters_[write ? 1 : 0], [&](const auto& waiter) {
        if (waiter.first != i) return false;
        wakes.push_back({waiter.second});
        return true;
      });
    }
  }
}

void RawIo::complete(const FinishedIo& finished, Wakes& wakes) {
  for (const std::uint64_t tag : finished.tags) {
    memory_.kernel.did(KernelPath::page_io_end);
    const auto buffer = buffers_.find(tag);
    const auto own = transfers_.find(buffer->second);
    buffers_.erase(buffer);
    Transfer& state = own->second;
    state.failed = state.failed || finished.failed;
    if (++state.complete < state.submitted) continue;
    if (state.abandoned) {
      release(own);
    } else if (state.complete == state.pages.size()) {
      memory_.kernel.did(KernelPath::wake_process);
      wakes.push_back({ProcessId{own->first}});
    }
  }
}

std::string RawIo::audit(std::vector<std::uint32_t>& references) const {
  std::uint64_t under_way = 0, outstanding = 0;
  for (const auto& [process, transfer] : transfers_) {
    for (const PageNumber page : transfer.pages) ++references[page.value];
    under_way += transfer.submitted - transfer.complete;
  }
  for (const GuestDisk* disk : disks_) outstanding += disk->outstanding();
  if (under_way == outstanding && under_way == buffers_.size()) return {};
  return fmt::format("{} raw buffers are under way, the devices have {}, {} are known", under_way,
                     outstanding, buffers_.size());
}

}  // namespace xensim
