#include "results/traces/xentrace_demand.hpp"

#include <algorithm>

namespace xensim {

using enum XentraceState;

void XentraceDemands::change(const XentraceChange& change) {
  if (change.vcpu.guest == XentraceVcpu::idle_guest) return;
  const auto [known, is_new] = vcpus_.try_emplace(change.vcpu.word());
  Vcpu& vcpu = known->second;
  if (is_new) {
    vcpu.id = change.vcpu;
    vcpu.since = change.cycle;
  } else {
    if (vcpu.state != change.from) ++contradictions_;
    pass(vcpu, change.cycle);
  }
  vcpu.state = change.to;
  if (change.to == blocked || change.to == offline) end_spell(vcpu);
}

void XentraceDemands::finish(std::uint64_t cycle) {
  for (auto& [word, vcpu] : vcpus_) {
    pass(vcpu, cycle);
    end_spell(vcpu);
    give(vcpu);
  }
}

void XentraceDemands::pass(Vcpu& vcpu, std::uint64_t until) {
  const std::uint64_t span = std::max(until, vcpu.since) - vcpu.since;
  vcpu.since = std::max(until, vcpu.since);
  if (vcpu.state == running) {
    vcpu.spell += span;
    vcpu.has_run = vcpu.has_run || span > 0;
  } else if (vcpu.state == runnable) {
    demands_[vcpu.id.word()].waited += span;
  } else if (vcpu.state == blocked || vcpu.has_run) {  // before it first ran, offline: it was not there yet
    vcpu.block += span;
  }
}

void XentraceDemands::end_spell(Vcpu& vcpu) {
  if (vcpu.spell == 0 || (vcpu.spell < shortest_ && vcpu.run + vcpu.block > 0)) {
    vcpu.block += vcpu.spell;
  } else {
    give(vcpu);
    vcpu.run = vcpu.spell;
  }
  vcpu.spell = 0;
}

void XentraceDemands::give(Vcpu& vcpu) {
  if (vcpu.run + vcpu.block == 0) return;
  XentraceDemand& demand = demands_[vcpu.id.word()];
  ++demand.phases;
  demand.ran += vcpu.run;
  demand.blocked += vcpu.block;
  sink_(vcpu.id, vcpu.run, vcpu.block);
  vcpu.run = vcpu.block = 0;
}

}  // namespace xensim
