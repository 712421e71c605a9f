/// The columns of rt-app's log, of one task.
#pragma once

#include <cstdint>
#include <string>

#include "core/histogram.hpp"
#include "core/statistic.hpp"

namespace xensim {

/// Times in picoseconds.
class RtAppLog {
 public:
  /// A phase is over: how long its runs took, and all of it.
  void phase(std::int64_t run, std::int64_t period);
  /// A timer is reached so long before it expires, or behind that (negative).
  void slack(std::int64_t slack);
  /// A process goes on so long after its timer has expired.
  void woken(std::int64_t latency) { add(wake_up_, latency); }
  /// A sleep was that much longer than asked for.
  void overslept(std::int64_t excess) { add(overslept_, excess); }

  void measurement_begins();
  void report(StatisticSink& sink, const std::string& prefix) const;

 private:
  static void add(Histogram& histogram, std::int64_t picoseconds) {
    histogram.add(static_cast<std::uint64_t>(picoseconds > 0 ? picoseconds / 1000 : 0));
  }

  Histogram run_, period_, wake_up_, overslept_;  ///< ns
  std::uint64_t phases_ = 0, overruns_ = 0;       ///< of the whole run
  std::uint64_t slacks_ = 0;
  double slack_sum_ = 0, least_slack_ = 0;  ///< us
};

}  // namespace xensim
