#include "results/traces/trace_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/parameter_info.hpp"
#include "core/registry_members.hpp"

namespace xensim {

template class Registry<TraceFile, const std::filesystem::path&>;

TraceRequest parse_trace_request(std::string_view request) {
  const std::vector<std::string> kinds = TraceFileRegistry::instance().names();
  const std::size_t colon = request.find(':');
  const std::size_t at = std::min(request.substr(0, colon).find('@'), colon);
  const std::string kind(request.substr(0, at));
  if (!TraceFileRegistry::instance().entries().contains(kind)) {
    throw InputError({.path = "--trace"}, fmt::format("unknown kind of trace \"{}\"", kind), one_of(kinds),
                     nearest(kind, kinds));
  }
  if (colon == std::string_view::npos || colon + 1 == request.size()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names no file", request), kind + ":FILE");
  }
  const auto& parameters = TraceFileRegistry::instance().entries().at(kind).parameters;
  if (at < colon && std::ranges::find(parameters, "interface", &ParameterInfo::name) == parameters.end()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names an interface", request), kind + ":FILE");
  }
  const std::string interface(at < colon ? request.substr(at + 1, colon - at - 1) : "");
  if (at < colon && interface.empty()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names no interface", request),
                     kind + "@INTERFACE:FILE");
  }
  return {kind, std::filesystem::path(request.substr(colon + 1)), interface};
}

std::unique_ptr<TraceFile> open_trace(const TraceRequest& request) {
  Json kind = {{"name", request.kind}};
  if (!request.interface.empty()) kind["interface"] = request.interface;
  return TraceFileRegistry::instance().create("kind of trace", Config(kind, nullptr, "--trace"),
                                              request.file);
}

}  // namespace xensim
