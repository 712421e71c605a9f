/// Traces as files in the formats of real tools. One format is one file that registers itself by name.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/registry.hpp"
#include "core/trace.hpp"

namespace xensim {

/// Collects records and writes them when told to; without `finish` no file appears.
class TraceFile : public TraceSink {
 public:
  /// Writes the file. Throws InputError if it cannot. Call once, last.
  virtual void finish() = 0;
};

/// Formats by name; constructed for the file to write.
extern template class Registry<TraceFile, const std::filesystem::path&>;
using TraceFileRegistry = Registry<TraceFile, const std::filesystem::path&>;
template <class Format, class Parameters>
using RegisterTraceFile = Register<TraceFile, Format, Parameters, const std::filesystem::path&>;

/// The format and file that `KIND:FILE` asks for, or `KIND@INTERFACE:FILE` for a format that is of one
/// interface (else: of the host's).
struct TraceRequest {
  std::string kind;
  std::filesystem::path file;
  std::string interface {};  ///< of which frames are wanted; empty: the kind's default
};
/// Throws InputError, naming the nearest known kind.
[[nodiscard]] TraceRequest parse_trace_request(std::string_view request);

[[nodiscard]] std::unique_ptr<TraceFile> open_trace(const TraceRequest& request);

}  // namespace xensim
