/// The victim of the isolation experiments: times what lmbench times, one operation at a time, as long as it
/// lasts.
#include <algorithm>

#include "core/histogram.hpp"
#include "models/guest/memory/area.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic fork_mean{"fork/mean", "us", summary,
                          "time of a fork with exit and wait, as a process sees it"};
const Statistic fork_p99{"fork/p99", "us", summary, "99 % of the forks took less"};
const Statistic fork_samples{"fork/samples", "samples", summary, "forks timed"};
const Statistic fault_mean{"fault/mean", "us", summary,
                           "time of a first write to a page, as a process sees it"};
const Statistic fault_p99{"fault/p99", "us", summary, "99 % of the faults took less"};
const Statistic fault_samples{"fault/samples", "samples", summary, "faults timed"};
const Statistic probes{"probes", "probes", counter, "forks with some faults completed"};
const Statistic cycle_mean{"cycle/mean", "us", summary,
                           "time from one probe to the next, its sleep included"};

struct ProbeParameters {
  Time pause = 50ms;
  std::int64_t faults = 16;
};
const auto parameters =
    ParameterTable<ProbeParameters>{}
        .add("pause", &ProbeParameters::pause, "sleep between two probes (rounded up to ticks, and one more)",
             "choice", {.minimum = Time{}, .maximum = 10s})
        .add("faults", &ProbeParameters::faults, "pages written for the first time in each probe", "choice",
             {.minimum = 1, .maximum = 1024});

/// Durations in picoseconds; one that is still going on when the run ends is not in it.
class Samples {
 public:
  void add(std::int64_t picoseconds) {
    histogram_.add(static_cast<std::uint64_t>(picoseconds / 1000));
    sum_ += static_cast<double>(picoseconds) * 1e-6;
  }
  /// If there are any.
  [[nodiscard]] double mean() const { return sum_ / static_cast<double>(histogram_.count()); }
  [[nodiscard]] double p99() const { return static_cast<double>(histogram_.quantile(0.99)) * 1e-3; }
  [[nodiscard]] double count() const { return static_cast<double>(histogram_.count()); }

 private:
  Histogram histogram_;  ///< nanoseconds
  double sum_ = 0;       ///< microseconds
};

/// What exit writes, and what a parent writes after a fork, as in lat_proc.
Call clean_up(Self self, const Place& place) {
  return self.touch({place.stack, place.data, place.bss, place.libc_data}, Access::write);
}
Call go_on(Self self, const Place& place) {
  return self.touch({place.stack, place.bss, place.libc_data}, Access::write);
}

class MemoryProbe final : public Workload {
 public:
  MemoryProbe(const ProbeParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/memory_probe", costs_, [this](Self self, const Place& place) {
      return measure(self, place, *this);
    }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    if (forks_.count() > 0) {
      sink.value(prefix, fork_mean, forks_.mean());
      sink.value(prefix, fork_p99, forks_.p99());
    }
    sink.value(prefix, fork_samples, forks_.count());
    if (faults_.count() > 0) {
      sink.value(prefix, fault_mean, faults_.mean());
      sink.value(prefix, fault_p99, faults_.p99());
    }
    sink.value(prefix, fault_samples, faults_.count());
    if (cycles_.count() > 0) sink.value(prefix, cycle_mean, cycles_.mean());
    sink.value(prefix, probes, cycles_.count());
  }

 private:
  static Program end(Self self, Place place) { co_await clean_up(self, place); }

  static Program measure(Self self, Place place, MemoryProbe& probe) {
    const auto pages = static_cast<std::uint32_t>(probe.parameters_.faults);
    const Self::MapRequest request{.length = pages * page_size, .flags = AreaFlags::read | AreaFlags::write};
    const Self::Body child = [place](Self born) { return end(born, place); };
    for (;;) {
      const std::int64_t begin = co_await self.clock();
      const std::int64_t born = co_await self.fork(child);
      if (born >= 0) {
        co_await go_on(self, place);
        co_await self.wait();
        probe.forks_.add(co_await self.clock() - begin);
      }
      const Address memory{static_cast<std::uint32_t>(co_await self.mmap(request))};
      for (std::uint32_t i = 0; i < pages && memory.value < 0xC0000000; ++i) {
        const std::int64_t before = co_await self.clock();
        co_await self.touch({memory.value + i * page_size}, 1, Access::write);
        probe.faults_.add(co_await self.clock() - before);
      }
      co_await self.munmap(memory, pages * page_size);
      if (probe.parameters_.pause > Time{}) co_yield Sleep{probe.parameters_.pause};
      probe.cycles_.add(co_await self.clock() - begin);
    }
  }

  ProbeParameters parameters_;
  ProgramCosts costs_;
  Samples forks_, faults_, cycles_;
};

const RegisterWorkload<MemoryProbe, ProbeParameters> registered{
    "memory_probe", "times a fork and some page faults, over and over", parameters};

}  // namespace
}  // namespace xensim
