/// From trace records to the states of virtual processors over time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"

namespace xensim {

enum class VcpuState : std::uint8_t { blocked, runnable, running };

/// A stay of a vCPU in one state; `cpu` is valid only while running.
struct Slice {
  VcpuId vcpu;
  CpuId cpu;
  VcpuState state{};
  Time begin{}, end{};
};

/// Follows the vCPUs through their states. Keeps nothing but what they do now. O(log vCPUs) a record.
class VcpuStates {
 public:
  using Take = std::function<void(const Slice&)>;

  /// `take` gets each slice of positive length as it ends.
  explicit VcpuStates(Take take) : take_(std::move(take)) {}

  /// In order of time. A vCPU is in no state before its first record.
  void apply(const TraceRecord& record);
  /// What is still open lasts until `end`.
  void finish(Time end);
  /// By vCPU, each with its end so far unknown.
  [[nodiscard]] const std::map<VcpuId, Slice>& current() const { return open_; }
  /// vCPUs that wait for a processor.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Since when the first of them waits; `now` if none does. O(vCPUs).
  [[nodiscard]] Time waiting_since(Time now) const;

 private:
  [[nodiscard]] VcpuState state(VcpuId vcpu) const;
  void switch_to(const TraceRecord& record);
  void preempt(VcpuId vcpu, const TraceRecord& by);
  void enter(VcpuId vcpu, VcpuState state, Time at, CpuId cpu = {});
  void leave(VcpuId vcpu, Time at);
  void close(Slice slice, Time at);

  Take take_;
  std::map<VcpuId, Slice> open_;
  std::map<CpuId, VcpuId> running_;
  std::size_t waiting_ = 0;
};

/// The slices of positive length that the records describe, each complete, in order of their ends; what is
/// still open lasts until `end`, or the last record if that is later. `records` must be in order of time. A
/// vCPU is in no state before its first record. O(records).
[[nodiscard]] std::vector<Slice> slices_of(std::span<const TraceRecord> records, Time end = {});

}  // namespace xensim
