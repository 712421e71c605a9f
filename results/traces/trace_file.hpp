/// Traces as files in the formats of real tools. One format is one file that registers itself by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/quantity.hpp"
#include "core/registry.hpp"
#include "core/trace.hpp"
#include "results/traces/trace_window.hpp"

namespace xensim {

/// What is to be traced, as known before its run.
struct TracedHost {
  std::uint32_t cpus = 1;
  std::size_t vcpus = 0;                  ///< virtual processors that will have been; 0: the host has none
  std::vector<std::string> interfaces{};  ///< of the network, whose frames can be traced
};

/// Takes records, which wait on disk, and makes a file of them when told to; without `finish` none appears.
/// Memory holds only what is not `settled`.
class TraceFile : public TraceSink {
 public:
  void begin(std::function<Time()> present, const std::vector<std::string>& /*instances*/) override {
    present_ = std::move(present);
  }
  /// Throws InputError if the format cannot hold what there is, or holds nothing of it.
  virtual void check(const TracedHost& /*host*/) const {}
  /// Of the file for a second that is traced, at the least.
  [[nodiscard]] virtual Bytes size_per_second(const TracedHost& /*host*/) const { return {}; }
  /// Writes the file. Throws InputError if it cannot. Call once, last.
  virtual void finish() = 0;

 protected:
  /// Nothing that is still to come is of an earlier time. Only while records come, not in `finish`.
  [[nodiscard]] Time settled() const { return present_ ? present_() : Time{}; }

 private:
  std::function<Time()> present_{};
};

/// Formats by name; constructed for the file to write.
extern template class Registry<TraceFile, const std::filesystem::path&>;
using TraceFileRegistry = Registry<TraceFile, const std::filesystem::path&>;
template <class Format, class Parameters>
using RegisterTraceFile = Register<TraceFile, Format, Parameters, const std::filesystem::path&>;

/// The format and file that `KIND:FILE` asks for; `KIND@INTERFACE:FILE` for a format that is of one
/// interface (else: of the host's); `KIND@BEGIN..END:FILE` for a part of the run's time, of which either
/// bound may be left out.
struct TraceRequest {
  std::string kind;
  std::filesystem::path file;
  std::string interface {};  ///< of which frames are wanted; empty: the kind's default
  TraceWindow window{};
};
/// Throws InputError, naming the nearest known kind.
[[nodiscard]] TraceRequest parse_trace_request(std::string_view request);

[[nodiscard]] std::unique_ptr<TraceFile> open_trace(const TraceRequest& request);

}  // namespace xensim
