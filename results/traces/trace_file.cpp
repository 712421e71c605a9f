#include "results/traces/trace_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/parameter_info.hpp"
#include "core/registry_members.hpp"

namespace xensim {

template class Registry<TraceFile, const std::filesystem::path&>;

namespace {

/// `BEGIN..END`
TraceWindow parse_window(std::string_view text) {
  const std::size_t dots = text.find("..");
  const std::string_view begin = text.substr(0, dots), end = text.substr(dots + 2);
  TraceWindow window;
  try {
    if (!begin.empty()) window.begin = parse_time(begin);
    if (!end.empty()) window.end = parse_time(end);
  } catch (const std::invalid_argument& error) {
    throw InputError({.path = "--trace"}, fmt::format("found \"{}\"", text), error.what());
  }
  if (window.begin < Time{} || window.end <= window.begin) {
    throw InputError({.path = "--trace"}, fmt::format("found \"{}\"", text),
                     "times since the beginning of the run, the first before the second, such as 2 s..2.5 s");
  }
  return window;
}

}  // namespace

TraceRequest parse_trace_request(std::string_view request) {
  const std::vector<std::string> kinds = TraceFileRegistry::instance().names();
  const std::size_t colon = request.find(':');
  std::string_view head = request.substr(0, colon);
  TraceWindow window;
  if (const std::size_t last = head.rfind('@');
      last != std::string_view::npos && head.substr(last).find("..") != std::string_view::npos) {
    window = parse_window(head.substr(last + 1));
    head = head.substr(0, last);
  }
  const std::size_t at = std::min(head.find('@'), head.size());
  const std::string kind(head.substr(0, at));
  if (!TraceFileRegistry::instance().entries().contains(kind)) {
    throw InputError({.path = "--trace"}, fmt::format("unknown kind of trace \"{}\"", kind), one_of(kinds),
                     nearest(kind, kinds));
  }
  if (colon == std::string_view::npos || colon + 1 == request.size()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names no file", request), kind + ":FILE");
  }
  const auto& parameters = TraceFileRegistry::instance().entries().at(kind).parameters;
  if (at < head.size() &&
      std::ranges::find(parameters, "interface", &ParameterInfo::name) == parameters.end()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names an interface", request),
                     fmt::format("{0}:FILE, or {0}@BEGIN..END:FILE", kind));
  }
  const std::string interface(at < head.size() ? head.substr(at + 1) : "");
  if (at < head.size() && interface.empty()) {
    throw InputError({.path = "--trace"}, fmt::format("\"{}\" names no interface", request),
                     kind + "@INTERFACE:FILE");
  }
  return {kind, std::filesystem::path(request.substr(colon + 1)), interface, window};
}

std::unique_ptr<TraceFile> open_trace(const TraceRequest& request) {
  Json kind = {{"name", request.kind}};
  if (!request.interface.empty()) kind["interface"] = request.interface;
  return TraceFileRegistry::instance().create("kind of trace", Config(kind, nullptr, "--trace"),
                                              request.file);
}

}  // namespace xensim
