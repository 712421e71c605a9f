/// From records of processes to their states over time.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "core/trace.hpp"

namespace xensim {

/// A stay of a process in one state: its record, and until when. `awaited` is what ended it, of a sleep that
/// ended.
struct ProcessSlice {
  ProcessRecord record;
  Time end{};
  std::string_view awaited{};
};

/// Follows the processes of all kernels. Keeps nothing but what they do now. O(log processes) a record.
class ProcessStates {
 public:
  using Take = std::function<void(const ProcessSlice&)>;

  /// `take` gets each slice of positive length as it ends.
  explicit ProcessStates(Take take) : take_(std::move(take)) {}

  /// In order of time.
  void apply(const ProcessRecord& record);
  /// The kernel is no more, nor are its processes.
  void end_kernel(VcpuId vcpu, Time at);
  /// What is still open lasts until `end`.
  void finish(Time end);
  /// What each does, by its kernel's vCPU and its number.
  using Open = std::map<std::pair<VcpuId, ProcessId>, ProcessRecord>;
  [[nodiscard]] const Open& current() const { return open_; }
  /// Processes that wait for a processor of their kernel.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Since when the first of them waits; `now` if none does. O(processes).
  [[nodiscard]] Time waiting_since(Time now) const;

 private:
  Open::iterator end_slice(Open::iterator open, Time at, std::string_view awaited);

  Take take_;
  Open open_;
  std::size_t waiting_ = 0;
};

}  // namespace xensim
