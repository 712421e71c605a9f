#include "models/memory/balloon.hpp"

namespace xensim {
namespace {

bool enough_free(const MachineMemory& machine, std::uint32_t pages) {
  return machine.frames.free().count >= std::uint64_t{pages} + machine.rules.slack;
}

}  // namespace

bool reserve(MachineMemory& machine, MemoryDomain& domain, std::uint32_t pages) {
  if (!enough_free(machine, pages)) return false;
  for (std::uint32_t i = 0; i < pages; ++i) (void)machine.frames.allocate(domain);
  domain.total_pages = domain.max_pages = pages;
  return true;
}

void release(MachineMemory& machine, MemoryDomain& domain) {
  machine.frames.give_back_all(domain);
  domain = {.id = domain.id, .privileged = domain.privileged};
}

HypercallStatus increase_reservation(const MemoryCall& call, std::uint32_t pages,
                                     std::vector<FrameNumber>& frames) {
  MemoryDomain& domain = call.domain;
  if (std::uint64_t{domain.total_pages} + pages > domain.max_pages || !enough_free(call.machine, pages)) {
    return HypercallStatus::out_of_memory;
  }
  for (std::uint32_t i = 0; i < pages; ++i) {
    const FrameNumber frame = call.machine.frames.allocate(domain);
    call.cpu.map();
    call.machine.contents.clear(frame);
    frames.push_back(frame);
  }
  call.cpu.work.did(MemoryStep::frame_allocated, pages);
  call.cpu.work.did(MemoryStep::frame_zeroed, pages);
  domain.total_pages += pages;
  return HypercallStatus::done;
}

DecreaseResult decrease_reservation(const MemoryCall& call, std::span<const FrameNumber> frames) {
  FrameTable& table = call.machine.frames;
  DecreaseResult result{HypercallStatus::done, 0};
  bool stale_writers = false;
  for (const FrameNumber frame : frames) {
    if (!table.exists(frame) || table[frame].owner() != call.domain.id || !table[frame].unreferenced()) {
      result.status = HypercallStatus::invalid;
      break;
    }
    stale_writers |= table[frame].need_flush != 0;
    table.give_back(call.domain, frame);
    --call.domain.total_pages;
    ++result.done;
  }
  call.cpu.work.did(MemoryStep::frame_freed, result.done);
  if (stale_writers) {
    call.cpu.work.did(MemoryStep::stale_retype);
    call.cpu.flush(MemoryStep::balloon_flush);
  }
  return result;
}

}  // namespace xensim
