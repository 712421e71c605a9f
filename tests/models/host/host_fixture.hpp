/// A machine to try platforms on: the testbed's constants, any number of processors.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/json.hpp"
#include "models/host/platform.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {

/// Values by path, as reported.
using Values = std::map<std::string, double>;

class ValueSink final : public StatisticSink {
 public:
  explicit ValueSink(Values& values) : values_(values) {}
  void value(std::string_view path, const Statistic& statistic, double value) override {
    values_[std::string(path) + std::string(statistic.name)] = value;
  }

 private:
  Values& values_;
};

/// Keeps everything that was recorded.
class Records final : public TraceSink {
 public:
  void record(const TraceRecord& record) override { all.push_back(record); }
  std::vector<TraceRecord> all;
};

class TestHost {
 public:
  struct Options {
    std::uint32_t cpus = 2;
    bool strict = false, audit = true;
    TraceSink* trace = nullptr;
    Calibration calibration = testbed_calibration();
  };

  TestHost(Json platform_configuration, const Options& options)
      : platform_config_(std::move(platform_configuration)),
        calibration_(options.calibration),
        context_{.cpus = options.cpus,
                 .shape = testbed_processor,
                 .calibration = calibration_,
                 .costs = costs_,
                 .survival = survival_,
                 .calendar = calendar,
                 .trace = options.trace,
                 .audit = options.audit,
                 .strict = options.strict},
        platform(PlatformRegistry::instance().create("platform", Config(platform_config_), context_)) {}

  /// Starts an instance of one program at the present.
  void start(Program program, std::int64_t weight = 10, std::int64_t cap = 0) {
    std::vector<Program> programs;
    programs.push_back(std::move(program));
    platform->start(std::move(programs),
                    {.weight = weight, .warp = {}, .warp_limit = {}, .unwarp_requirement = {}, .cap = cap});
  }

  void run_until(Time end) {
    calendar.run_before(end);
    platform->settle();
  }

  Values read() const {
    Values values;
    ValueSink sink(values);
    platform->report(sink, "");
    return values;
  }

  /// Computes without end; a small working set.
  Program hog() { return compute_for_ever(working_set); }
  /// Computes `busy`, then sleeps `rest`, over and over.
  Program interactive(Time busy, Time rest) { return compute_and_sleep(working_set, busy, rest); }

  WorkingSet working_set = WorkingSet::constant(64, Time{97'500}, 8);

 private:
  static Program compute_for_ever(const WorkingSet& set) {
    for (;;) co_yield Compute{10s, &set};
  }
  static Program compute_and_sleep(const WorkingSet& set, Time busy, Time rest) {
    for (;;) {
      co_yield Compute{busy, &set};
      co_yield Sleep{rest};
    }
  }

  Json platform_config_;
  Calibration calibration_;
  ProcessorCosts costs_{calibration_};
  SurvivalTable survival_{8192, 8};

 public:
  Calendar calendar;

 private:
  HostContext context_;

 public:
  std::unique_ptr<Platform> platform;
};

}  // namespace xensim
