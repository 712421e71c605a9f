/// A part of a run's time, and a trace of no more than that.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/trace.hpp"
#include "results/traces/process_states.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/time_order.hpp"

namespace xensim {

/// [begin, end), since the beginning of the run.
struct TraceWindow {
  Time begin{};
  Time end = never;
  [[nodiscard]] bool is_whole() const { return begin == Time{} && end == never; }
  [[nodiscard]] bool contains(Time at) const { return at >= begin && at < end; }
};

/// Hands on what lies in a window, as if the run had been as long: what everybody does when the window opens
/// comes first, at its beginning, as records of their own. O(log vCPUs + log processes) a record.
class WindowedTrace final : public TraceSink {
 public:
  WindowedTrace(TraceSink& sink, TraceWindow window)
      : sink_(sink), window_(window), vcpus_([](const Slice&) {}), processes_([](const ProcessSlice&) {}) {}

  void begin(std::function<Time()> present, const std::vector<std::string>& instances) override {
    present_ = present;
    sink_.begin(std::move(present), instances);
  }
  void domain(VcpuId vcpu, std::uint32_t instance) override { sink_.domain(vcpu, instance); }
  void record(const TraceRecord& record) override { add(record); }
  void process(const ProcessRecord& record) override { add(record); }
  void frame(const FrameRecord& record) override {
    if (window_.contains(record.at)) sink_.frame(record);
  }
  void disk(const DiskRecord& record) override {
    if (window_.contains(record.at)) sink_.disk(record);
  }
  void end(Time at) override;

 private:
  using Record = std::variant<TraceRecord, ProcessRecord>;

  template <class AnyRecord>
  void add(const AnyRecord& record) {
    order_.add(record.at, record);
    if (present_) order_.take_before(present_(), [this](const Record& past) { apply(past); });
  }
  void apply(const Record& record) {
    std::visit([this](const auto& its) { apply(its); }, record);
  }
  void apply(const TraceRecord& record);
  void apply(const ProcessRecord& record);
  /// The first record of the window's time is about to come.
  void open();
  void show(const Slice& slice);
  void show(ProcessRecord process);

  TraceSink& sink_;
  TraceWindow window_;
  std::function<Time()> present_{};
  TimeOrder<Record> order_;  // states are followed across processors
  VcpuStates vcpus_;
  ProcessStates processes_;
  std::map<VcpuId, CpuId> processor_of_;  ///< where each was last
  bool open_ = false;
};

}  // namespace xensim
