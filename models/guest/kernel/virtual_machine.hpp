/// What a guest kernel needs from what is under it. A platform implements it; the kernel and its programs
/// do not know which one they run on.
#pragma once

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "models/cpu/processor.hpp"
#include "models/io/packet/ipv4.hpp"

namespace xensim {

class GuestDisk;
class NetworkDevice;
class ProcessKernel;

/// Virtual processors are numbered from 0 within the guest. All calls are made from code that runs on the
/// virtual processor concerned, and charge their time to the processor under it.
class VirtualMachine {
 public:
  VirtualMachine() = default;
  VirtualMachine(const VirtualMachine&) = delete;
  VirtualMachine& operator=(const VirtualMachine&) = delete;
  virtual ~VirtualMachine() = default;

  /// The processor that `vcpu` runs on.
  [[nodiscard]] virtual Processor& processor(unsigned vcpu) = 0;
  /// What `vcpu` has spent of its processor's time; all of it where nobody shares the processor.
  [[nodiscard]] virtual const TimeAccount& time(unsigned vcpu) { return processor(vcpu).account(); }
  [[nodiscard]] virtual ProcessorWaits waits(unsigned /*vcpu*/) { return {}; }
  /// Goes over to another process's page tables and kernel stack.
  virtual void switch_address_space(unsigned vcpu) = 0;
  /// Makes `target` enter its kernel soon to reschedule; called on `vcpu`, another one.
  virtual void kick(unsigned vcpu, unsigned target) = 0;
  /// The disks, from 0; null: there are no more. The kernel swaps to the first and reads its files from it;
  /// without one memory is never reclaimed. The platform answers the devices' interrupts by
  /// ProcessKernel::disk_interrupt on one of its processors.
  [[nodiscard]] virtual GuestDisk* disk(unsigned /*index*/) { return nullptr; }
  /// The size of the swap partition, with which the disk begins; the file system follows.
  [[nodiscard]] virtual Bytes swap_size() const { return {}; }
  /// The most that the file system takes of what is left then.
  [[nodiscard]] virtual Bytes file_system_size() const { return Bytes{std::int64_t{2} << 30}; }
  /// The interface that its protocols use; null: only loopback. The platform gives it its interrupts and
  /// softirqs.
  [[nodiscard]] virtual NetworkDevice* network() { return nullptr; }
  /// Its address there.
  [[nodiscard]] virtual Ipv4Address network_address() const { return Ipv4Address::of(10, 0, 0, 1); }
  /// The part of the kernel that knows memory, files and signals, made when it is first needed. Throws
  /// InputError where programs can only compute and sleep.
  [[nodiscard]] virtual ProcessKernel& processes() {
    throw InputError({}, "a program that makes system calls",
                     "programs that only compute and sleep: this platform cannot run others yet");
  }
};

}  // namespace xensim
