#include "models/host/xen/xen_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
// Of the whole run: what a script asks for is mostly asked for before the measurement.
const Statistic requests_done{"control/done", "requests", level,
                              "commands that domain 0 carried out since the beginning of the run"};
const Statistic requests_refused{"control/refused", "requests", level,
                                 "commands that it could not carry out, since the beginning of the run"};
const Statistic domains_living{"control/domains", "domains", level,
                               "domains that exist, domain 0 among them"};
const Statistic domains_built{"control/built", "domains", level,
                              "domains that domain 0 built since the beginning of the run"};
const Statistic build_mean{"control/build_time/mean", "us", summary,
                           "from a command to build a domain until it runs: mean of all that were built"};
const Statistic build_maximum{"control/build_time/maximum", "us", summary,
                              "from a command to build a domain until it runs: longest of all"};
const Statistic frames_free{"control/frames_free", "frames", level, "of the machine's memory"};

constexpr Time for_ever = 24h * 50;
constexpr std::uint32_t tool_pages = 8;

}  // namespace

XenControl::XenControl(Monitor& monitor, const HostContext& context)
    : monitor_(monitor),
      trace_(context.trace),
      costs_(context.calibration, context.costs, context.shape.clock),
      working_set_(WorkingSet::constant(
          std::min(context.shape.l2_lines,
                   CalibrationSection(context.calibration, "control.").whole("tool_lines")),
          context.costs.miss_price, std::min(tool_pages, context.shape.tlb_entries))) {}

void XenControl::ask(ControlRequest request) {
  pending_.push_back(std::move(request));
  if (!server_) {
    Domain& domain0 = monitor_.domain(VcpuId{0});
    server_ = domain0.kernel.start(serve(*this), now()).process;
    domain0.on_console = [this, &domain0] {
      if (!busy_) domain0.kernel.wake(0, *server_);
    };
  }
  monitor_.arrive(VcpuId{0}, EventBit::console);
}

std::uint32_t XenControl::add_instance() {
  domains_.emplace_back();
  return static_cast<std::uint32_t>(domains_.size() - 1);
}

void XenControl::adopt(std::uint32_t instance, VcpuId vcpu) {
  domains_[instance].push_back(vcpu);
  if (trace_ != nullptr) trace_->domain(vcpu, instance);
}

std::optional<VcpuId> XenControl::domain_of(std::uint32_t instance) const {
  if (instance >= domains_.size() || domains_[instance].empty()) return {};
  const VcpuId last = domains_[instance].back();
  const Domain& domain = monitor_.domain(last);
  if (!domain.exists() || domain.die_asked) return {};
  return last;
}

Time XenControl::now() const { return monitor_.processor(CpuId{0}).clock.local(); }

Program XenControl::serve(XenControl& self) {
  for (;;) {
    while (self.pending_.empty()) {
      self.busy_ = false;
      co_yield Sleep{for_ever};
    }
    self.busy_ = true;
    ControlRequest request = std::move(self.pending_.front());
    self.pending_.pop_front();
    const Time begin = self.now();
    co_yield Compute{self.costs_.tool_start, &self.working_set_};
    if (request.verb == ControlVerb::create) {
      if (self.domain_of(request.instance)) {
        ++self.refused_;
        continue;
      }
      DomainBuilder builder(self.monitor_, self.costs_, request.share);
      while (const std::optional<Time> work = builder.step()) co_yield Compute{*work, &self.working_set_};
      if (builder.refused()) {
        if (request.required) {
          throw InputError({}, fmt::format("no memory for instance {}", request.instance),
                           "domains that fit into the machine's memory together");
        }
        ++self.refused_;
        continue;
      }
      Domain& domain = self.monitor_.domain(builder.vcpu());
      for (Program& program : request.programs) domain.kernel.start(std::move(program), self.now());
      self.adopt(request.instance, builder.vcpu());
      self.monitor_.unpause(builder.vcpu());
      self.build_time_.add(static_cast<std::uint64_t>((self.now() - begin) / Time{1us}));
      ++self.done_;
    } else {
      ++(self.operate(request) ? self.done_ : self.refused_);
    }
    self.monitor_.return_from_control();
    co_yield Compute{self.costs_.system_call, &self.working_set_};
  }
}

bool XenControl::operate(const ControlRequest& request) {
  using enum ControlVerb;
  monitor_.charge_control({}, costs_.operation);
  if (request.verb == set_slice) return monitor_.set_slice(request.slice);
  if (request.verb == add_rules) return monitor_.add_rules(request.rules);
  const std::optional<VcpuId> vcpu = domain_of(request.instance);
  if (!vcpu) return false;
  switch (request.verb) {
    case destroy:
      monitor_.destroy(*vcpu);
      return true;
    case pause:
      monitor_.pause(*vcpu);
      return true;
    case unpause:
      monitor_.unpause(*vcpu);
      return true;
    case set_scheduler:
      monitor_.adjust(*vcpu, request.share);
      return true;
    case limit_network:
      return monitor_.limit_network(*vcpu, request.size, request.interval);
    case connect:
    case disconnect:
      return monitor_.connect(*vcpu, request.verb == connect);
    case set_disk:
      return monitor_.resize_disk(*vcpu, request.size);
    case set_memory:
      return monitor_.set_memory(*vcpu, request.size);
    case create:
    case set_slice:
    case add_rules:
    case count_:
      break;
  }
  return false;
}

void XenControl::report(StatisticSink& sink, const std::string& prefix) const {
  if (!server_) return;
  sink.value(prefix, requests_done, static_cast<double>(done_));
  sink.value(prefix, requests_refused, static_cast<double>(refused_));
  sink.value(prefix, domains_living, static_cast<double>(monitor_.living()));
  sink.value(prefix, domains_built, static_cast<double>(build_time_.count()));
  if (build_time_.count() > 0) {
    sink.value(prefix, build_mean, build_time_.mean());
    sink.value(prefix, build_maximum, static_cast<double>(build_time_.maximum()));
  }
  if (monitor_.has_memory()) {
    sink.value(prefix, frames_free, static_cast<double>(monitor_.memory().machine.frames.free().count));
  }
}

}  // namespace xensim
