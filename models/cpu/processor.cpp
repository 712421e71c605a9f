#include "models/cpu/processor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic idle_time{"time/idle", "s", counter, "processor time halted"};
const Statistic user_time{"time/user", "s", counter, "processor time in programs, as if with warm caches"};
const Statistic refill_time{"time/refill", "s", counter,
                            "processor time in extra cache misses of programs after others ran"};
const Statistic translation_time{"time/translation", "s", counter,
                                 "processor time in page-table walks of programs after TLB misses"};
const Statistic kernel_time{"time/kernel", "s", counter, "processor time in guest kernels"};
const Statistic monitor_time{"time/monitor", "s", counter,
                             "processor time in the monitor, for whom it interrupts"};
const Statistic interrupts_time{"time/interrupts", "s", counter,
                                "processor time of kernel or monitor in interrupts of the machine"};
const Statistic lines_refilled{"l2/refilled", "lines", counter,
                               "L2 lines that programs brought in while their residency grew"};

constexpr std::array statistics{&idle_time,   &user_time,    &refill_time,    &translation_time,
                                &kernel_time, &monitor_time, &interrupts_time};

constexpr std::uint32_t trace_ways = 8;
constexpr std::uint32_t page_lines = LinePlacement::page_lines;

CacheShape with_addresses(std::uint32_t lines, std::uint32_t ways, std::uint32_t lines_of_tag) {
  return {.size = Bytes{std::int64_t{lines} * LinePlacement::line_size},
          .ways = ways,
          .line = lines_of_tag * LinePlacement::line_size,
          .sector = LinePlacement::line_size};
}

/// As large as task structure and kernel stack of Linux 2.4.
constexpr std::uint32_t block_lines = 8192 / LinePlacement::line_size;
std::uint32_t blocks_of_a_way(std::uint32_t lines, std::uint32_t ways) {
  return std::max(lines / ways / block_lines, 1U);
}

}  // namespace

Processor::Processor(CpuId id, const ProcessorShape& shape, const ProcessorCosts& costs,
                     const SurvivalTable& survival, Calendar& calendar, Event& resume, bool strict)
    : clock(calendar, resume, strict),
      id_(id),
      costs_(costs),
      cycle_clock_(shape.clock),
      l2_(survival),
      object_l1_table_(shape.l1_lines, l1_data_ways),
      trace_table_(costs.trace_lines, trace_ways),
      starts_table_(std::max(shape.l2_lines / page_lines, shape.l2_ways), shape.l2_ways),
      object_l1_(object_l1_table_),
      trace_cache_(trace_table_),
      starts_(starts_table_),
      l1_scan_(blocks_of_a_way(shape.l1_lines, l1_data_ways), l1_data_ways),
      l2_scan_(blocks_of_a_way(shape.l2_lines, shape.l2_ways), shape.l2_ways),
      l1_lines_(shape.l1_lines),
      tlb_tagged_(shape.tlb_tagged) {
  if (!shape.colouring) return;
  const LinePlacement placement(*shape.colouring);
  object_l1_.go_by_addresses(with_addresses(shape.l1_lines, l1_data_ways, 1), placement);
  l2_.go_by_addresses(with_addresses(shape.l2_lines, shape.l2_ways, l2_lines_of_tag), placement);
}

void Processor::touch(Activity activity, FootprintId owner, std::uint32_t lines) {
  const std::uint32_t missing = l2_.touch(owner, lines);
  touched_missing_ += missing;
  l1_displaced_ = std::min(l1_lines_, l1_displaced_ + lines);
  if (missing > 0) spend(activity, costs_.miss_price * missing);
}

void Processor::use(Activity activity, FootprintId owner, std::uint32_t lines) {
  l2_.prefetch(owner);
  const std::uint32_t outside = object_l1_.touch(owner, lines);
  if (outside == 0) return;
  l1_displaced_ = std::min(l1_lines_, l1_displaced_ + outside);
  const std::uint32_t missing = std::min(outside, l2_.touch(owner, lines));
  touched_missing_ += missing;
  spend(activity, cycle_clock_.convert(costs_.l2_latency * outside) + costs_.memory_latency * missing);
}

void Processor::use_each(Activity activity, std::span<FootprintId> owners) {
  const auto outside = static_cast<std::uint32_t>(object_l1_.touch_each(owners));
  if (outside == 0) return;
  const auto missing = static_cast<std::uint32_t>(l2_.touch_each(owners.first(outside)));
  l1_displaced_ = std::min(l1_lines_, l1_displaced_ + outside);
  touched_missing_ += missing;
  spend(activity, cycle_clock_.convert(costs_.l2_latency * outside) + costs_.memory_latency * missing);
}

void Processor::use_start(Activity activity, FootprintId page) {
  l2_.prefetch(page);
  if (object_l1_.touch_page_start(page) == 0) return;
  l1_displaced_ = std::min(l1_lines_, l1_displaced_ + 1);
  std::uint32_t missing = l2_.touch_page_start(page);
  if (!l2_.goes_by_addresses()) missing = starts_.touch(page, 1);
  touched_missing_ += missing;
  spend(activity, cycle_clock_.convert(costs_.l2_latency) + costs_.memory_latency * missing);
}

void Processor::stream(Activity activity, FootprintId owner, std::uint32_t lines, Cycles pace, Stream kind) {
  l2_.prefetch(owner);
  (void)object_l1_.touch(owner, lines);
  l1_displaced_ = std::min(l1_lines_, l1_displaced_ + lines);
  const Time price = kind == Stream::read ? costs_.stream_read : costs_.stream_write;
  const Time hidden = cycle_clock_.convert(pace);
  const std::uint32_t missing = l2_.touch(owner, lines);
  touched_missing_ += missing;
  if (lines == page_lines) (void)starts_.touch(owner, 1);
  if (price > hidden && missing > 0) spend(activity, (price - hidden) * missing);
}

void Processor::execute(Activity activity, FootprintId code, std::uint32_t lines) {
  l2_.prefetch(code);
  const std::uint32_t outside = trace_cache_.touch(code, lines);
  if (outside == 0) return;
  const std::uint32_t missing = std::min(outside, l2_.touch(code, lines));
  touched_missing_ += missing;
  spend(activity, cycle_clock_.convert(costs_.trace_miss * outside) + costs_.memory_latency * missing);
}

void Processor::run_through(FootprintId code, std::uint32_t lines) {
  l2_.prefetch(code);
  (void)trace_cache_.touch(code, lines);
  touch(Activity::refill, code, lines);
}

void Processor::scan(Activity activity, FootprintId owner, std::uint32_t lines) {
  const std::uint32_t missing = l2_scan_.missing(lines);
  touch(activity, owner, lines - missing);
  touched_missing_ += missing;
  spend(activity,
        cycle_clock_.convert(costs_.l2_latency * l1_scan_.missing(lines)) + costs_.memory_latency * missing);
}

void Processor::fetch(Activity activity, std::uint32_t lines) {
  touched_missing_ += lines;
  spend(activity, cycle_clock_.convert(costs_.l2_latency * lines) + costs_.memory_latency * lines);
}

void Processor::idle_until(Time until) { wait_until(Activity::idle, until); }

Execution Processor::begin(const WorkingSet& set, FootprintId footprint) {
  if (tlb_cold_) {
    charge(Activity::translation, costs_.tlb_walk * set.pages());
    tlb_cold_ = false;
  }
  const std::uint32_t l1_missing = footprint == l1_owner_ ? l1_displaced_ : l1_lines_;
  charge(Activity::refill, costs_.l2_latency * std::min(l1_missing, set.lines()));
  l1_owner_ = footprint;
  l1_displaced_ = 0;
  const std::uint32_t resident = l2_.resident(footprint);
  return {&set, footprint, clock.local(), resident, set.with_resident(resident)};
}

void Processor::account(Execution& execution, Time at) {
  const Time elapsed = at - execution.start;
  account(execution, elapsed, execution.working_set->run(execution.position, elapsed));
}

void Processor::account(Execution& execution, Time elapsed, const WorkingSet::Progress& progress) {
  const Time passed = elapsed - execution.elapsed;
  // Of the whole execution so far, less what the accounts hold: how often they were read does not matter. As
  // progress is rounded, refill may turn out a picosecond shorter than at the last reading.
  const Time work = std::min(progress.work, elapsed) - execution.work;
  const std::uint32_t missed =
      std::max(execution.missed, progress.resident - std::min(progress.resident, execution.resident));
  refilled_lines_ += missed - execution.missed;
  spend(Activity::user, work);
  spend(Activity::refill, passed - work);
  execution.elapsed = elapsed;
  execution.work += work;
  execution.missed = missed;
}

Time Processor::end(Execution& execution, Time at) {
  const Time elapsed = at - execution.start;
  const WorkingSet::Progress progress = execution.working_set->run(execution.position, elapsed);
  l2_.ran(execution.footprint, progress.touched);
  object_l1_.ran(execution.footprint, progress.touched);
  trace_cache_.ran(execution.footprint, execution.working_set->code_lines());
  account(execution, elapsed, progress);
  return progress.work;
}

void Processor::release(FootprintId footprint) {
  l2_.release(footprint);
  object_l1_.release(footprint);
  trace_cache_.release(footprint);
  starts_.release(footprint);
}

void Processor::invalidate(FootprintId footprint, std::uint32_t lines) {
  l2_.invalidate(footprint, lines);
  object_l1_.invalidate(footprint, lines);
  trace_cache_.invalidate(footprint, lines);
  starts_.invalidate(footprint, lines);
}

void Processor::report(StatisticSink& sink, const std::string& prefix) const {
  for (std::size_t i = 0; i < activity_count; ++i) {
    sink.value(prefix, *statistics[i], to_seconds(account_[i]));
  }
  sink.value(prefix, lines_refilled, static_cast<double>(refilled_lines_));
}

std::string Processor::audit() const {
  const Time sum = std::accumulate(account_.begin(), account_.end(), Time{});
  if (sum != clock.local()) {
    return fmt::format("cpu{}: activities add up to {} ps, but its clock stands at {} ps", id_.value,
                       sum.count(), clock.local().count());
  }
  if (const std::string fault = l2_.audit(); !fault.empty())
    return fmt::format("cpu{} L2: {}", id_.value, fault);
  if (const std::string fault = object_l1_.audit(); !fault.empty())
    return fmt::format("cpu{} L1: {}", id_.value, fault);
  if (const std::string fault = trace_cache_.audit(); !fault.empty())
    return fmt::format("cpu{} trace cache: {}", id_.value, fault);
  return {};
}

}  // namespace xensim
