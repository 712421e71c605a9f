/// What virtual processors wanted, from what they got: how long they ran and were blocked. How long they
/// waited for a processor is left out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "results/traces/xentrace_reader.hpp"

namespace xensim {

/// Of one virtual processor, in cycles.
struct XentraceDemand {
  std::uint64_t phases = 0, ran = 0, blocked = 0;
  std::uint64_t waited = 0;  ///< for a processor
};

/// Takes changes of state in order of time; gives phases, in the order of their ends.
class XentraceDemands {
 public:
  using Sink = std::function<void(XentraceVcpu, std::uint64_t run, std::uint64_t block)>;

  /// A spell of less than `shortest` cycles of running between two blocks counts as part of them: a tick, for
  /// example.
  XentraceDemands(std::uint64_t shortest, Sink sink) : shortest_(shortest), sink_(std::move(sink)) {}

  /// Those of the idle guest are not looked at. O(log vCPUs).
  void change(const XentraceChange& change);
  /// What is under way ends here. Once.
  void finish(std::uint64_t cycle);

  /// By XentraceVcpu::word; whole after `finish`.
  [[nodiscard]] const std::map<std::uint32_t, XentraceDemand>& demands() const { return demands_; }
  /// Changes from another state than the one that the change before had led to.
  [[nodiscard]] std::uint64_t contradictions() const { return contradictions_; }

 private:
  struct Vcpu {
    XentraceVcpu id;
    XentraceState state{};
    std::uint64_t since = 0;
    std::uint64_t spell = 0;           ///< it has run since it was blocked
    std::uint64_t run = 0, block = 0;  ///< of the phase before
    bool has_run = false;
  };
  void pass(Vcpu& vcpu, std::uint64_t until);
  void end_spell(Vcpu& vcpu);
  void give(Vcpu& vcpu);

  std::uint64_t shortest_, contradictions_ = 0;
  Sink sink_;
  std::map<std::uint32_t, Vcpu> vcpus_;
  std::map<std::uint32_t, XentraceDemand> demands_;
};

}  // namespace xensim
