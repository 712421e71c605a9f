/// The balloon in a guest's memory: pages that it holds but does not have.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/statistic.hpp"
#include "models/guest/kernel/kernel_daemon.hpp"
#include "models/guest/memory/memory_pressure.hpp"
#include "models/guest/memory/memory_reservation.hpp"

namespace xensim {

/// A thread that brings the guest's memory to what it was asked for. To shrink it allocates pages one by one,
/// which has page cache and processes make room as any allocation does, clears them and gives their frames
/// back; to grow it asks for frames and frees the pages.
///
/// What it cannot have it gives up, and counts: no page is to be found in ten attempts over a second, which
/// the kernel itself takes for being out of memory, or the monitor has no frame. It takes nothing below the
/// low marks, where others live when memory is short, and has nobody killed, though whoever allocates may.
///
/// Source: the balloon driver of XenoLinux for Xen 2.0, from a description; when it gives up is a choice.
class BalloonDriver {
 public:
  static constexpr std::size_t batch = 1024;  ///< of a hypercall: frame numbers that fill a page

  /// Everything outlives this. Without `pressure` nothing makes room.
  BalloonDriver(const KernelContext& context, GuestKernel& scheduler, GuestMemory& memory,
                MemoryPressure* pressure, MemoryReservation& reservation);
  ~BalloonDriver() { scheduler_.timers().clear(alarm_); }
  BalloonDriver(const BalloonDriver&) = delete;
  BalloonDriver& operator=(const BalloonDriver&) = delete;

  /// The guest is to have so many pages; asked on `vcpu`. A new target takes the place of the last.
  void aim(unsigned vcpu, std::uint32_t pages);

  struct Counts {
    std::uint64_t given = 0, taken = 0;  ///< frames
    std::uint64_t exhausted = 0;         ///< times no page was to be found
    std::uint64_t refused = 0;           ///< times not a single frame was to be had
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::uint32_t target() const { return target_; }
  /// Pages without frames.
  [[nodiscard]] std::size_t size() const { return pages_.size(); }
  [[nodiscard]] bool is_daemon(ProcessId id) const { return id == daemon_.id(); }
  void count_references(std::span<std::uint32_t> references) const;
  void report(StatisticSink& sink, const std::string& prefix) const;
  [[nodiscard]] std::string audit() const;

 private:
  static constexpr std::uint32_t pages_in_a_step = 32;
  static constexpr std::uint32_t attempts = 10;  ///< to find a page
  static constexpr std::uint64_t pause = 10;     ///< ticks between them
  using Next = KernelDaemon::Next;

  class Alarm final : public KernelTimer {
   public:
    explicit Alarm(KernelDaemon& daemon) : daemon_(daemon) {}
    void expired(unsigned vcpu) override { daemon_.want(vcpu); }

   private:
    KernelDaemon& daemon_;
  };

  [[nodiscard]] Next step(GuestProcess& self);
  [[nodiscard]] Next collect(GuestProcess& self);
  void give();
  [[nodiscard]] Next grow();
  [[nodiscard]] Next found_no_page();
  [[nodiscard]] Next give_up(std::uint64_t& reason);

  const KernelContext& context_;
  GuestKernel& scheduler_;
  GuestMemory& memory_;
  MemoryPressure* pressure_;
  MemoryReservation& reservation_;
  KernelDaemon daemon_;
  Alarm alarm_;
  std::uint32_t target_;
  std::uint32_t failed_ = 0;         ///< attempts in a row
  std::vector<PageNumber> pages_;    ///< without frames; the last given back is the first to return
  std::vector<PageNumber> leaving_;  ///< allocated, to be given back in one hypercall
  Counts counts_;
};

}  // namespace xensim
