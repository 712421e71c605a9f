/// The harness of lmbench 3: what all its latencies have in common.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "models/guest/kernel/operation_counts.hpp"
#include "models/guest/memory/area.hpp"
#include "models/guest/processes/self.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/instances.hpp"
#include "workloads/workload.hpp"

namespace xensim {

struct LmbenchParameters {
  std::int64_t iterations = 200;
  std::int64_t repetitions = 11;
};

/// How many operations make an interval last long enough, found by trying: benchmp of lmbench 3.
class EnoughOperations {
 public:
  /// `first` are tried first, and are always enough if `enough` is 0.
  EnoughOperations(std::int64_t first, Time enough) : count_(first), enough_(enough) {}

  [[nodiscard]] std::int64_t count() const { return count_; }
  /// An interval of that many took so many picoseconds. False: it was too short to be counted, and the next
  /// one has more.
  [[nodiscard]] bool were_enough(std::int64_t picoseconds) {
    found_ = found_ || picoseconds >= enough_.count();
    if (found_) return true;
    const double short_by =
        static_cast<double>(enough_.count()) / static_cast<double>(std::max<std::int64_t>(picoseconds, 1));
    count_ = std::llround(std::ceil(static_cast<double>(count_) * std::min(1.1 * short_by, most_at_once)));
    return false;
  }

 private:
  static constexpr double most_at_once = 8;  ///< a very short interval says little
  std::int64_t count_;
  Time enough_;
  bool found_ = false;
};

/// What a benchmark times, and what of it is not what it wants to know.
class LmbenchTimes {
 public:
  explicit LmbenchTimes(const LmbenchParameters& p) : parameters_(p) {}

  /// Intervals to be timed, the first of which only warms up; operations in each.
  [[nodiscard]] std::int64_t rounds() const { return parameters_.repetitions + 1; }
  [[nodiscard]] std::int64_t iterations() const { return parameters_.iterations; }

  /// An interval of `operations` took so many picoseconds. The clock was read at its beginning and at its
  /// end, and not since.
  void took(std::int64_t picoseconds, std::int64_t operations) {
    add(raw_, picoseconds, operations);
    if (raw_.all.size() == 1 || readings_.size() < 2) return;
    counts_ += readings_.back() - readings_[readings_.size() - 2];
    counted_operations_ += operations;
  }
  /// The same without what is to be measured, to be subtracted.
  void overhead(std::int64_t picoseconds, std::int64_t operations) {
    add(overhead_, picoseconds, operations);
  }

  [[nodiscard]] bool complete() const { return std::ssize(raw_.all) == rounds(); }
  /// Median, in microseconds for one operation.
  [[nodiscard]] double latency() const { return raw_.median() - overhead_.median(); }

  /// For Self::observe: what was done at each reading of the clock.
  [[nodiscard]] std::vector<OperationCounts>& readings() { return readings_; }
  /// Mean over the timed intervals, for one operation. What `overhead` subtracts from the time is not
  /// subtracted here.
  [[nodiscard]] double count(OperationCount what) const {
    return static_cast<double>(counts_[what]) / static_cast<double>(counted_operations_);
  }
  [[nodiscard]] bool counted() const { return counted_operations_ > 0; }

 private:
  struct Intervals {
    std::vector<double> all;
    [[nodiscard]] double median() const {
      if (all.empty()) return 0;
      std::vector<double> timed(all.begin() + (all.size() > 1 ? 1 : 0), all.end());
      std::ranges::sort(timed);
      return (timed[(timed.size() - 1) / 2] + timed[timed.size() / 2]) / 2;
    }
  };
  static void add(Intervals& intervals, std::int64_t picoseconds, std::int64_t operations) {
    intervals.all.push_back(static_cast<double>(picoseconds) * 1e-6 / static_cast<double>(operations));
  }

  LmbenchParameters parameters_;
  Intervals raw_, overhead_;
  std::vector<OperationCounts> readings_;
  OperationCounts counts_;
  std::int64_t counted_operations_ = 0;
};

/// The pages a program uses between two calls; after a switch their translations have to be found again.
struct LoopPages {
  Place place;

  [[nodiscard]] Call code(Self self) const {
    const auto second = [](Address address) { return Address{address.value + page_size}; };
    return self.touch({place.text, second(place.text), place.libc_text, second(place.libc_text)},
                      Access::fetch);
  }
  [[nodiscard]] Call data(Self self) const {
    return self.touch({place.stack, place.data, place.bss, place.libc_data}, Access::write);
  }
};

inline const Statistic lmbench_latency{
    "latency", "us", Statistic::Kind::summary,
    "time of one operation, as lmbench reports it; of several instances, the mean "
    "once all have finished"};

/// One benchmark: `measure` is its main program. Parameters derive from LmbenchParameters.
template <class Parameters, Program (*measure)(Self, const Place&, LmbenchTimes&, const Parameters&)>
class Lmbench final : public Workload {
 public:
  Lmbench(const Parameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration), explains_(context.explain) {}

  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(start(*this, instances_.add(instance, LmbenchTimes(parameters_))));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    instances_.report(sink, prefix, lmbench_latency, [](const LmbenchTimes& times) {
      return times.complete() ? std::optional(times.latency()) : std::nullopt;
    });
    const LmbenchTimes* times = instances_.only();  // kernels count what all instances do
    if (times == nullptr || !times->complete() || !times->counted()) return;
    for (std::size_t i = 0; i < operation_count_kinds; ++i) {
      const auto what = static_cast<OperationCount>(i);
      sink.value(prefix, statistic_of(what), times->count(what));
    }
  }

 private:
  static Program start(const Lmbench& benchmark, LmbenchTimes& times) {
    const LoadedBody main = [&](Self self, const Place& place) {
      return measure(self, place, times, benchmark.parameters_);
    };
    if (benchmark.explains_) co_await Self{}.observe(times.readings());
    const ProgramImage image{.path = "/bin/lmbench"};
    const Self::Body body = dynamic_loader(image, typical_image, benchmark.costs_, main);
    co_await Self{}.exec(image, body);
  }

  Parameters parameters_;
  ProgramCosts costs_;
  bool explains_;
  Instances<LmbenchTimes> instances_;
};

template <class Parameters>
ParameterTable<Parameters> lmbench_parameters() {
  using Member = std::int64_t Parameters::*;
  return ParameterTable<Parameters>{}
      .add("iterations", static_cast<Member>(&Parameters::iterations),
           "operations in an interval that is timed", "choice", {.minimum = 1, .maximum = 1'000'000})
      .add("repetitions", static_cast<Member>(&Parameters::repetitions),
           "intervals, of which the median is reported", "lmbench 3.0-a4, lib_timing.c",
           {.minimum = 1, .maximum = 1001});
}

}  // namespace xensim
