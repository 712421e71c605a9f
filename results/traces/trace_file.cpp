#include "results/traces/trace_file.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace xensim {

TraceRequest parse_trace_request(std::string_view request) {
  const std::vector<std::string> kinds = TraceFileRegistry::instance().names();
  const std::size_t colon = request.find(':');
  const std::string kind(request.substr(0, colon));
  if (!TraceFileRegistry::instance().entries().contains(kind)) {
    throw InputError({.path = "--trace"}, fmt::format("unknown kind of trace \"{}\"", kind), one_of(kinds),
                     nearest(kind, kinds));
  }
  if (colon == std::string_view::npos || colon + 1 == request.size()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names no file", request), kind + ":FILE");
  }
  return {kind, std::filesystem::path(request.substr(colon + 1))};
}

std::unique_ptr<TraceFile> open_trace(const TraceRequest& request) {
  const Json kind = request.kind;
  return TraceFileRegistry::instance().create("kind of trace", Config(kind), request.file);
}

}  // namespace xensim
