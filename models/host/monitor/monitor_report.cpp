/// What the monitor tells of itself: its statistics, and whether its parts agree.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/host/monitor/monitor.hpp"
#include "models/host/monitor/monitor_core.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;

const Statistic passes_made{"schedule/passes", "passes", counter, "scheduling passes"};
const Statistic switches_made{"schedule/switches", "switches", counter, "passes that changed the domain"};
const Statistic entries_scanned{"schedule/scanned", "entries", counter,
                                "run queue entries that the modelled code looks at"};
const Statistic migrations_made{"schedule/migrations", "migrations", counter,
                                "domains that came from another processor; of policies that migrate"};
const Statistic interrupts_taken{"interrupts", "interrupts", counter,
                                 "interrupts taken: by timers, other processors, devices"};
const Statistic ticks_marked{"ticks", "ticks", counter, "timer events sent to all domains"};
const Statistic domain_time{"cpu_time", "s", counter,
                            "processor time of a domain as the monitor accounts it"};
const Statistic domain_wakes{"wakes", "wakes", counter, "times a domain was woken by an event"};
const Statistic wait_mean{"wake_to_run/mean", "us", summary, "from wake to run: mean"};
const Statistic wait_p99{"wake_to_run/p99", "us", summary, "from wake to run: 99th percentile"};
const Statistic wait_maximum{"wake_to_run/maximum", "us", summary, "from wake to run: longest"};

const Statistic space_mean{"footprint/monitor_per_domain", "kB", level,
                           "memory of the monitor for a domain that exists, domain 0 apart: mean"};
const Statistic space_of_domain{"footprint/monitor", "kB", level, "memory of the monitor for this domain"};

constexpr double ns_per_us = 1000;

}  // namespace

void Monitor::measurement_begins() {
  for (const auto& core : cores_) core->wake_to_run = {};
}

void Monitor::report(StatisticSink& sink, const std::string& prefix) const {
  for (const auto& core : cores_) {
    const std::string path = fmt::format("{}cpu{}/", prefix, core->processor.id().value);
    core->processor.report(sink, path);
    sink.value(path, passes_made, static_cast<double>(core->passes));
    sink.value(path, switches_made, static_cast<double>(core->switches));
    sink.value(path, entries_scanned, static_cast<double>(core->scanned));
    if (scheduler_->migrates()) sink.value(path, migrations_made, static_cast<double>(core->migrations));
    sink.value(path, interrupts_taken, static_cast<double>(core->interrupts));
    const Histogram& waits = core->wake_to_run;
    if (waits.count() == 0) continue;
    sink.value(path, wait_mean, waits.mean() / ns_per_us);
    sink.value(path, wait_p99, static_cast<double>(waits.quantile(0.99)) / ns_per_us);
    sink.value(path, wait_maximum, static_cast<double>(waits.maximum()) / ns_per_us);
  }
  sink.value(prefix, ticks_marked, static_cast<double>(ticks_));
  if (parameters_.count_memory) report_space(sink, prefix);
  if (network_) network_->report(sink, prefix);
  if (block_) block_->report(sink, prefix);
  if (!sink.wants(prefix + "dom")) return;
  for (const Domain& domain : domains_) {
    const std::string path = fmt::format("{}dom{}/", prefix, domain.vcpu.value);
    Time time = domain.cpu_time;
    const Core& core = *cores_[domain.cpu.value];
    if (core.current == &domain) time += std::max(Time{}, calendar_.now() - core.last_switch);
    sink.value(path, domain_time, to_seconds(time));
    sink.value(path, domain_wakes, static_cast<double>(domain.wakes));
    domain.report(sink, path);
    if (network_) network_->report(sink, path, DomainId{domain.vcpu.value});
  }
}

std::vector<MonitorStructure> Monitor::structures(VcpuId vcpu) const {
  return structures_of(DomainId{vcpu.value}, {.network = network_ ? &network_->logic() : nullptr,
                                              .rings = block_ ? &block_->service() : nullptr,
                                              .disks = block_ ? &std::as_const(*block_).devices() : nullptr});
}

void Monitor::report_space(StatisticSink& sink, const std::string& prefix) const {
  constexpr double kb = 1e-3;
  double sum = 0;
  for (const Domain& domain : domains_) {
    if (!domain.exists()) continue;
    const double its = kb * static_cast<double>(total(structures(domain.vcpu)).count);
    sink.value(fmt::format("{}dom{}/", prefix, domain.vcpu.value), space_of_domain, its);
    if (domain.vcpu.value != 0) sum += its;
  }
  if (living_ > 1) sink.value(prefix, space_mean, sum / static_cast<double>(living_ - 1));
}

std::string Monitor::audit() const {
  for (const auto& core : cores_) {
    if (std::string fault = core->processor.audit(); !fault.empty()) return fault;
    if (core->current != nullptr && core->current->cpu != core->processor.id()) {
      return fmt::format("cpu{} runs domain {}, which is placed on cpu{}", core->processor.id().value,
                         core->current->vcpu.value, core->current->cpu.value);
    }
  }
  for (const Domain& domain : domains_) {
    if (std::string fault = audit(domain); !fault.empty()) return fault;
  }
  if (std::string fault = audit_memory(); !fault.empty()) return fault;
  if (network_) {
    if (std::string fault = network_->audit(); !fault.empty()) return fault;
  }
  if (block_) {
    if (std::string fault = block_->audit(); !fault.empty()) return fault;
  }
  return scheduler_->audit();
}

std::string Monitor::audit(const Domain& domain) const {
  const auto v = domain.vcpu.value;
  const Core& core = *cores_[domain.cpu.value];
  const bool runs = core.current == &domain;
  const int places = (blocked_[v] ? 1 : 0) + (core.waiting[v] ? 1 : 0) + (runs ? 1 : 0);
  const bool stopped = domain.state == Domain::State::suspended || !domain.exists();
  if (places != (stopped && !runs ? 0 : 1)) {
    return fmt::format("domain {} is in {} of: blocked, waiting, running", v, places);
  }
  if (!domain.exists()) {  // what its kernel believes is of no account
    const bool has_memory = domain.memory() != nullptr || domain.built();
    const bool dead = domain.state == Domain::State::dead;
    return dead && has_memory ? fmt::format("domain {} is dead but has memory", v) : "";
  }
  if (std::string fault = domain.audit(); !fault.empty()) return fault;
  if (domain.memory() != nullptr && domain.memory()->cpu() != domain.cpu) {
    return fmt::format("domain {} is placed on cpu{}, its memory on cpu{}", v, domain.cpu.value,
                       domain.memory()->cpu().value);
  }
  return runs ? domain.audit_translations() : "";
}

std::string Monitor::audit_memory() const {
  if (!memory_) return "";
  std::vector<const MemoryDomain*> with_memory;
  for (const Domain& domain : domains_) {
    if (domain.memory() != nullptr) with_memory.push_back(&domain.memory()->domain());
    if (domain.built()) with_memory.push_back(&domain.built()->domain);
  }
  std::vector<HeldReference> held = network_ ? network_->held() : std::vector<HeldReference>{};
  if (block_) {
    const std::vector<HeldReference> more = block_->service().held();
    held.insert(held.end(), more.begin(), more.end());
  }
  return memory_->audit(std::move(with_memory), held);
}

}  // namespace xensim
