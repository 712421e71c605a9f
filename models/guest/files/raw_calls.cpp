/// What the kernel does for a call that uses a raw disk.
#include "models/guest/processes/process_kernel.hpp"

namespace xensim {

CallResult ProcessKernel::misuse_ring(GuestProcess& caller) {
  GuestDisk* disk = raw_.disk(0);
  if (disk == nullptr) return CallResult::failed(CallError::no_entry);
  context_.did(KernelPath::system_call);
  const std::uint32_t made = disk->put_nonsense(processor(caller).clock.local());
  // A request takes its driver as long to make up as a real one.
  context_.did(KernelPath::block_submit, made);
  return {.value = made};
}

CallResult ProcessKernel::raw_io(GuestProcess& caller, const Self::RawTransfer& transfer) {
  const GuestDisk* disk = raw_.disk(transfer.disk);
  if (disk == nullptr) return CallResult::failed(CallError::no_entry);
  if (!raw_.busy(caller.id)) {
    const bool whole = transfer.bytes > 0 && transfer.bytes % sector_bytes == 0 &&
                       transfer.buffer.value % page_size == 0 && transfer.bytes <= Self::longest_transfer;
    const std::uint64_t end = transfer.sector + transfer.bytes / sector_bytes;
    if (!whole || end > disk->sectors()) return CallResult::failed(CallError::invalid);
    // All of them first: what is pinned stays, and a fault may sleep.
    const Access access = transfer.write ? Access::read : Access::write;
    for (std::uint32_t at = 0; at < transfer.bytes; at += page_size) {
      if (!this->access(caller, {transfer.buffer.value + at}, access)) {
        return CallResult::failed(CallError::bad_address);
      }
      if (caller.again || caller.sleeps) return {};
    }
    context_.did(KernelPath::system_call);
    context_.did(KernelPath::raw_start);
    for (std::uint32_t at = 0; at < transfer.bytes; at += page_size) {
      const PageTableEntry entry = caller.space->tables().entry({transfer.buffer.value + at});
      raw_.pin(caller.id, memory_.paging.page(entry.frame()));
    }
  }
  return raw_.step(caller, transfer, processor(caller).clock.local());
}

CallResult ProcessKernel::disk_size(unsigned disk) const {
  const GuestDisk* found = raw_.disk(disk);
  if (found == nullptr) return CallResult::failed(CallError::no_entry);
  return {.value = static_cast<std::int64_t>(found->sectors())};
}

}  // namespace xensim
