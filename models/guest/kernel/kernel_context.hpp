/// What all parts of one guest kernel share.
#pragma once

#include <cstdint>
#include <span>

#include "models/guest/kernel/kernel_build.hpp"
#include "models/guest/kernel/kernel_locks.hpp"
#include "models/guest/kernel/kernel_work.hpp"

namespace xensim {

/// Where the parts of a kernel report what they did, how that kernel was built, and its clock.
struct KernelContext {
  KernelWork& work;
  KernelBuild build;
  /// Wall clock in whole seconds as of the last tick; times kept in inodes have no finer grain.
  std::uint64_t seconds = 0;
  KernelLocks* locks = nullptr;  ///< null: one processor, which waits for no lock

  void did(KernelPath path, std::uint64_t times = 1) const { work.did(path, times); }
  /// So many locked bus operations were executed, which only SMP builds have.
  void locked(std::uint64_t operations) const {
    if (build.smp) work.did(KernelPath::locked_operation, operations);
  }
  /// Has the lock as long as the result lives.
  [[nodiscard]] SpinLock::Held hold(KernelLock lock) const {
    Processor* processor = work.processor();
    return locks == nullptr || processor == nullptr ? SpinLock::Held{} : locks->hold(lock, *processor);
  }
  /// So many entries were taken out of page tables: XenoLinux only queues that.
  void took_out(std::uint64_t entries) const {
    if (!build.paravirtual) work.did(KernelPath::exchange, entries);
  }
  /// `bytes` were copied between kernel and user memory in one go.
  void copied(std::uint64_t bytes) const {
    work.did(KernelPath::copy_user);
    work.did(KernelPath::copy_line, (bytes + 63) / 64);
  }
  /// Lines of an object that may lie in any cache, or in none; all may be written, or so many of them, or,
  /// with reads(), none.
  void uses(KernelObject kind, std::uint32_t number, std::uint32_t lines = 1) const {
    work.uses(kind, number, lines);
  }
  void uses(KernelObject kind, std::uint32_t number, std::uint32_t lines, std::uint32_t written) const {
    work.uses(kind, number, lines, written);
  }
  /// A line of each is written.
  void uses_each(KernelObject kind, std::span<const PageNumber> numbers) const {
    work.uses_each(kind, numbers);
  }
  void reads(KernelObject kind, std::uint32_t number, std::uint32_t lines = 1) const {
    work.reads(kind, number, lines);
  }
  // What passes over a page in sequence is counted as its path, and pays here for lines that are in no cache.
  void zeroed(std::uint32_t page) const {
    constexpr std::uint32_t lines = 64;
    work.did(KernelPath::zero_page);
    work.streams(page, lines, {work.cost(KernelPath::zero_page).count / lines}, Processor::Stream::write);
  }
  void copied_page(std::uint32_t from, std::uint32_t to) const {
    constexpr std::uint32_t lines = 64;
    work.did(KernelPath::copy_page);
    const Cycles half{work.cost(KernelPath::copy_page).count / lines / 2};
    work.streams(from, lines, half, Processor::Stream::read);
    work.streams(to, lines, half, Processor::Stream::write);
  }
  /// `bytes` were copied between user memory, which is warm, and a page of a file.
  void copied_file(std::uint64_t bytes, std::uint32_t page, Processor::Stream kind) const {
    copied(bytes);
    work.streams(page, static_cast<std::uint32_t>((bytes + 63) / 64), work.cost(KernelPath::copy_line), kind);
  }
};

}  // namespace xensim
