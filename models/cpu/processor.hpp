/// A physical processor: its clock, what its time went into, what its caches and TLB hold.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "core/ids.hpp"
#include "core/processor_clock.hpp"
#include "core/statistic.hpp"
#include "core/time.hpp"
#include "models/cpu/costs.hpp"
#include "models/cpu/processor_shape.hpp"
#include "models/cpu/time_account.hpp"
#include "models/memory/aligned_scan.hpp"
#include "models/memory/cache.hpp"
#include "models/memory/working_set.hpp"

namespace xensim {

/// A stretch of user-mode execution that may be interrupted at any time.
struct Execution {
  const WorkingSet* working_set = nullptr;
  FootprintId footprint;
  Time start{};                ///< local time at which it began
  std::uint32_t resident = 0;  ///< lines present then
  WorkingSet::Position position;
  // Of it, what the processor's accounts hold already.
  Time elapsed{}, work{};
  std::uint32_t missed = 0;  ///< lines
};

/// The hardware of one processor, with time charged to it. It knows no kernel and no monitor.
class Processor {
 public:
  /// `survival` is that of the L2, for all processors of a shape. `resume` leads back to the platform's loop
  /// over steps (see ProcessorClock).
  Processor(CpuId id, const ProcessorShape& shape, const ProcessorCosts& costs, const SurvivalTable& survival,
            Calendar& calendar, Event& resume, bool strict);

  [[nodiscard]] CpuId id() const { return id_; }
  [[nodiscard]] const ProcessorCosts& costs() const { return costs_; }
  ProcessorClock clock;

  /// Executes a path of so many cycles.
  void charge(Activity activity, Cycles cycles) { spend(activity, cycle_clock_.convert(cycles)); }
  /// Uses `lines` lines of `owner`, waiting for those that are missing.
  void touch(Activity activity, FootprintId owner, std::uint32_t lines);

  // Objects with footprints of their own, in the L1 and the L2, found one by one: a line that is in no cache
  // costs the whole latency of the memory. Code and data that have only one footprint as
  // a whole are touched above instead.
  /// Uses `lines` lines of `owner` in no order that a prefetcher could see.
  void use(Activity activity, FootprintId owner, std::uint32_t lines);
  /// Uses a line of each of `owners`, in this order. What they are in afterwards is of no meaning.
  void use_each(Activity activity, std::span<FootprintId> owners);
  /// Uses the first line of a page: those of all pages share one 64th of the sets.
  void use_start(Activity activity, FootprintId page);
  enum class Stream : std::uint8_t { read, write };
  /// Passes over `lines` lines of `owner`. Charges only what memory takes longer for those that are missing
  /// than the `pace` of the loop for each.
  void stream(Activity activity, FootprintId owner, std::uint32_t lines, Cycles pace, Stream kind);
  /// Begins a stretch of `lines` lines of code: what the trace cache does not hold is decoded again.
  void execute(Activity activity, FootprintId code, std::uint32_t lines);
  /// A program runs through `lines` lines of code, in time that counts as its own but for what the L2 lacks.
  void run_through(FootprintId code, std::uint32_t lines);

  /// Passes over `lines` lines of `owner`, each at the same place of a block of its own that is aligned to
  /// its 8 KB, in the order of the last pass. So few sets hold them that they displace each other.
  void scan(Activity activity, FootprintId owner, std::uint32_t lines);

  /// Waits for `lines` lines that another processor has written.
  void fetch(Activity activity, std::uint32_t lines);
  /// Waits for another processor, busily.
  void wait_until(Activity activity, Time until) {
    if (until > clock.local()) spend(activity, until - clock.local());
  }
  /// Nothing happened since the local clock until `until`.
  void idle_until(Time until);

  /// Another address space is loaded: without tags all translations are gone.
  void flush_tlb() { tlb_cold_ = !tlb_tagged_; }
  /// An address space is loaded whose translations are looked up one by one (Mmu), by whoever uses them.
  void use_modelled_tlb() { tlb_cold_ = false; }

  /// Begins user-mode execution now: pays for the TLB and L1 contents that are gone.
  [[nodiscard]] Execution begin(const WorkingSet& set, FootprintId footprint);
  /// Brings the accounts up to `at` (>= the execution's start). Nothing else changes: the execution goes on.
  void account(Execution& execution, Time at);
  /// The execution stops at `at` (>= its start). Returns the work done.
  Time end(Execution& execution, Time at);

  /// A process is gone.
  void release(FootprintId footprint);
  /// Another processor has written so many lines of it: if they are here, they are worth nothing.
  void invalidate(FootprintId footprint, std::uint32_t lines);

  /// Lines that were not in the L2 when they were used again, by whomever.
  [[nodiscard]] std::uint64_t lines_missed() const { return refilled_lines_ + touched_missing_; }
  [[nodiscard]] Time spent(Activity activity) const { return account_[static_cast<std::size_t>(activity)]; }
  [[nodiscard]] const TimeAccount& account() const { return account_; }
  /// While it lives, what kernel and monitor do counts as interrupts of the machine.
  class Interrupted {
   public:
    explicit Interrupted(Processor& processor)
        : processor_(processor), before_(std::exchange(processor.interrupted_, true)) {}
    Interrupted(const Interrupted&) = delete;
    Interrupted& operator=(const Interrupted&) = delete;
    ~Interrupted() { processor_.interrupted_ = before_; }

   private:
    Processor& processor_;
    bool before_;
  };
  /// From now on time goes into `account`, too; null: nobody else's.
  void bill(TimeAccount* account) { billed_ = account; }
  void report(StatisticSink& sink, const std::string& prefix) const;
  [[nodiscard]] std::string audit() const;

 private:
  void account(Execution& execution, Time elapsed, const WorkingSet::Progress& progress);
  void spend(Activity activity, Time time) {
    if (interrupted_ && activity >= Activity::kernel) activity = Activity::interrupts;
    clock.advance(time);
    account_[static_cast<std::size_t>(activity)] += time;
    if (billed_ != nullptr) (*billed_)[static_cast<std::size_t>(activity)] += time;
  }

  CpuId id_;
  const ProcessorCosts& costs_;
  CycleClock cycle_clock_;
  Cache l2_;
  SurvivalTable object_l1_table_, trace_table_, starts_table_;
  Cache object_l1_;
  CacheFootprint trace_cache_;
  CacheFootprint starts_;  ///< the sets of the L2 that first lines of pages fall into, for footprints
  AlignedScan l1_scan_, l2_scan_;
  std::uint32_t l1_lines_;
  FootprintId l1_owner_;            ///< the program that used the L1 last
  std::uint32_t l1_displaced_ = 0;  ///< lines that kernels and the monitor used there since
  bool tlb_tagged_;
  bool tlb_cold_ = true;
  TimeAccount account_{};
  TimeAccount* billed_ = nullptr;
  bool interrupted_ = false;
  std::uint64_t refilled_lines_ = 0;   ///< of programs, found missing in the course of an execution
  std::uint64_t touched_missing_ = 0;  ///< of lines touched one by one
};

}  // namespace xensim
