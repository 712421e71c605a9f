/// What a disk's driver takes of the kernel's time.
#pragma once

#include "models/guest/kernel/kernel_context.hpp"
#include "models/io/guest_disk.hpp"

namespace xensim {

/// A buffer has entered the disk's queue.
inline void charge_submission(const KernelContext& kernel) {
  const SpinLock::Held lock = kernel.hold(KernelLock::io_request);
  kernel.did(KernelPath::block_submit);
  kernel.locked(4);
}
/// For the commands that were dispatched since it was asked last.
inline void charge_commands(const KernelContext& kernel, GuestDisk& disk) {
  const std::uint32_t commands = disk.take_dispatched();
  if (commands == 0) return;
  const bool scsi = disk.driver() == GuestDisk::Driver::scsi;
  const SpinLock::Held lock = kernel.hold(KernelLock::io_request);
  kernel.did(scsi ? KernelPath::disk_command : KernelPath::ring_request, commands);
}
/// For one that is complete.
inline void charge_completion(const KernelContext& kernel, const GuestDisk& disk) {
  const bool scsi = disk.driver() == GuestDisk::Driver::scsi;
  const SpinLock::Held lock = kernel.hold(KernelLock::io_request);
  kernel.did(scsi ? KernelPath::disk_completion : KernelPath::ring_response);
}

}  // namespace xensim
