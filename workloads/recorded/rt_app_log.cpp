#include "workloads/recorded/rt_app_log.hpp"

#include <algorithm>

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic wake_mean{"wu_lat/mean", "us", summary,
                          "wake-up latency of rt-app: from a timer's expiry until the process goes on"};
const Statistic wake_p99{"wu_lat/p99", "us", summary, "99 % of rt-app's wake-ups took less"};
const Statistic slack_mean{"slack/mean", "us", summary,
                           "time that rt-app's timers had left when they were reached; negative: were late"};
const Statistic slack_minimum{"slack/minimum", "us", summary, "least slack of rt-app's timers"};
const Statistic wake_median{"wu_lat/p50", "us", summary, "half of rt-app's wake-ups took less"};
const Statistic wake_maximum{"wu_lat/maximum", "us", summary, "longest wake-up latency of rt-app"};
const Statistic wake_samples{"wu_lat/samples", "samples", summary, "wake-ups of rt-app by timers"};
const Statistic overruns{"overruns", "timers", counter, "timers of rt-app that had expired when reached"};
const Statistic run_mean{"run/mean", "us", summary, "time that a phase of rt-app took for run and runtime"};
const Statistic run_p99{"run/p99", "us", summary, "99 % of rt-app's phases took less for run and runtime"};
const Statistic run_maximum{"run/maximum", "us", summary, "most that a phase of rt-app took for them"};
const Statistic period_mean{"period/mean", "us", summary, "time of a phase of rt-app"};
const Statistic period_p99{"period/p99", "us", summary, "99 % of rt-app's phases took less"};
const Statistic period_maximum{"period/maximum", "us", summary, "longest phase of rt-app"};
const Statistic phases{"phases", "phases", counter, "of rt-app that were completed"};
const Statistic over_mean{"oversleep/mean", "us", summary,
                          "how much longer rt-app's sleeps were than asked for"};
const Statistic over_p99{"oversleep/p99", "us", summary, "99 % of rt-app's sleeps were less too long"};

constexpr double us = 1e-3;  ///< of a nanosecond

double quantile(const Histogram& histogram, double q) {
  return static_cast<double>(histogram.quantile(q)) * us;
}
double maximum(const Histogram& histogram) { return static_cast<double>(histogram.maximum()) * us; }

}  // namespace

void RtAppLog::phase(std::int64_t run, std::int64_t period) {
  ++phases_;
  add(run_, run);
  add(period_, period);
}

void RtAppLog::slack(std::int64_t slack) {
  const double in_us = static_cast<double>(slack) * 1e-6;
  least_slack_ = slacks_ == 0 ? in_us : std::min(least_slack_, in_us);
  slack_sum_ += in_us;
  ++slacks_;
  if (slack <= 0) ++overruns_;
}

void RtAppLog::measurement_begins() {
  for (Histogram* histogram : {&run_, &period_, &wake_up_, &overslept_}) *histogram = {};
  slacks_ = 0;
  slack_sum_ = least_slack_ = 0;
}

void RtAppLog::report(StatisticSink& sink, const std::string& prefix) const {
  if (slacks_ > 0) {
    if (wake_up_.count() > 0) {
      sink.value(prefix, wake_mean, wake_up_.mean() * us);
      sink.value(prefix, wake_p99, quantile(wake_up_, 0.99));
    }
    sink.value(prefix, slack_mean, slack_sum_ / static_cast<double>(slacks_));
    sink.value(prefix, slack_minimum, least_slack_);
    if (wake_up_.count() > 0) {
      sink.value(prefix, wake_median, quantile(wake_up_, 0.5));
      sink.value(prefix, wake_maximum, maximum(wake_up_));
      sink.value(prefix, wake_samples, static_cast<double>(wake_up_.count()));
    }
    sink.value(prefix, overruns, static_cast<double>(overruns_));
  }
  sink.value(prefix, phases, static_cast<double>(phases_));
  if (run_.count() > 0) {
    sink.value(prefix, run_mean, run_.mean() * us);
    sink.value(prefix, run_p99, quantile(run_, 0.99));
    sink.value(prefix, run_maximum, maximum(run_));
    sink.value(prefix, period_mean, period_.mean() * us);
    sink.value(prefix, period_p99, quantile(period_, 0.99));
    sink.value(prefix, period_maximum, maximum(period_));
  }
  if (overslept_.count() > 0) {
    sink.value(prefix, over_mean, overslept_.mean() * us);
    sink.value(prefix, over_p99, quantile(overslept_, 0.99));
  }
}

}  // namespace xensim
