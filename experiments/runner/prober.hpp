/// Somebody outside who sends events to the instances of a template and times the answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/calendar.hpp"
#include "core/histogram.hpp"
#include "core/random.hpp"
#include "core/statistic.hpp"
#include "experiments/runner/experiment.hpp"
#include "models/host/platform.hpp"

namespace xensim {

/// Times from the event's arrival at the machine to the end of its handling by the kernel it is for.
class Prober {
 public:
  /// `instances` are numbered as the platform does.
  Prober(const ProbePlan& plan, std::vector<std::uint32_t> instances, Platform& platform, Calendar& calendar,
         RandomStream random);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// From the calendar's present to `end`. Answers that come later count as well, if the run lasts so long.
  void begin(Time end);
  void report(StatisticSink& sink) const;

 private:
  void send();
  void plan_next();

  ProbePlan plan_;
  std::vector<std::uint32_t> instances_;
  Platform& platform_;
  Calendar& calendar_;
  RandomStream random_;
  Event due_;
  Time planned_{}, end_{};
  std::uint64_t sent_ = 0;
  Histogram waits_;  ///< ns
};

}  // namespace xensim
