#include "experiments/runner/prober.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic probe_mean{"probe/mean", "ms", summary, "time until an event from outside is answered: mean"};
const Statistic probe_sd{"probe/sd", "ms", summary,
                         "time until an event from outside is answered: standard deviation"};
const Statistic probe_median{"probe/median", "ms", summary, "half of the answers took less"};
const Statistic probe_p99{"probe/p99", "ms", summary, "99 % of the answers took less"};
const Statistic probe_maximum{"probe/maximum", "ms", summary, "the longest"};
const Statistic probe_samples{"probe/samples", "answers", summary, "answers that came"};
const Statistic probe_sent{"probe/sent", "events", summary, "events sent"};

constexpr double ns_per_ms = 1e6;

}  // namespace

Prober::Prober(const ProbePlan& plan, std::vector<std::uint32_t> instances, Platform& platform,
               Calendar& calendar, RandomStream random)
    : plan_(plan),
      instances_(std::move(instances)),
      platform_(platform),
      calendar_(calendar),
      random_(random),
      due_(Event::calling<&Prober::send>(*this)) {}

void Prober::begin(Time end) {
  planned_ = calendar_.now();
  end_ = end;
  plan_next();
}

void Prober::plan_next() {
  planned_ += plan_.interval;
  const Time at = planned_ + random_.between(Time{}, plan_.jitter);
  if (at <= end_) calendar_.schedule(due_, std::max(at, calendar_.now()));
}

void Prober::send() {
  const Time sent = calendar_.now();
  platform_.probe(instances_[sent_ % instances_.size()], [this, sent](Time answered) {
    waits_.add(static_cast<std::uint64_t>((answered - sent) / Time{1ns}));
  });
  ++sent_;
  plan_next();
}

void Prober::report(StatisticSink& sink) const {
  const std::string path = plan_.domain + '/';
  sink.value(path, probe_mean, waits_.mean() / ns_per_ms);
  sink.value(path, probe_sd, waits_.standard_deviation() / ns_per_ms);
  sink.value(path, probe_median, static_cast<double>(waits_.quantile(0.5)) / ns_per_ms);
  sink.value(path, probe_p99, static_cast<double>(waits_.quantile(0.99)) / ns_per_ms);
  sink.value(path, probe_maximum, static_cast<double>(waits_.maximum()) / ns_per_ms);
  sink.value(path, probe_samples, static_cast<double>(waits_.count()));
  sink.value(path, probe_sent, static_cast<double>(sent_));
}

}  // namespace xensim
