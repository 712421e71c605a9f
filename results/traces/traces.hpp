/// Several traces of one run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "results/traces/trace_file.hpp"

namespace xensim {

/// Gives each what comes in its window.
class Traces final : public TraceSink {
 public:
  /// What `KIND:FILE` asks for, each. Throws InputError.
  explicit Traces(const std::vector<std::string>& requests) {
    for (const std::string& request : requests) {
      const TraceRequest asked = parse_trace_request(request);
      files_.push_back(open_trace(asked));
      sinks_.push_back(files_.back().get());
      if (asked.window.is_whole()) continue;
      windows_.push_back(std::make_unique<WindowedTrace>(*files_.back(), asked.window));
      sinks_.back() = windows_.back().get();
    }
  }

  void begin(std::function<Time()> present, const std::vector<std::string>& instances) override {
    for (TraceSink* const sink : sinks_) sink->begin(present, instances);
  }
  void domain(VcpuId vcpu, std::uint32_t instance) override {
    for (TraceSink* const sink : sinks_) sink->domain(vcpu, instance);
  }
  void record(const TraceRecord& record) override {
    for (TraceSink* const sink : sinks_) sink->record(record);
  }
  void process(const ProcessRecord& record) override {
    for (TraceSink* const sink : sinks_) sink->process(record);
  }
  void frame(const FrameRecord& record) override {
    for (TraceSink* const sink : sinks_) sink->frame(record);
  }
  void disk(const DiskRecord& record) override {
    for (TraceSink* const sink : sinks_) sink->disk(record);
  }
  void end(Time at) override {
    for (TraceSink* const sink : sinks_) sink->end(at);
  }
  /// Writes all. Throws InputError.
  void finish() {
    for (const auto& file : files_) file->finish();
  }

 private:
  std::vector<std::unique_ptr<TraceFile>> files_;
  std::vector<std::unique_ptr<WindowedTrace>> windows_;
  std::vector<TraceSink*> sinks_;  ///< a file, or the window before it
};

}  // namespace xensim
