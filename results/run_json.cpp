#include "results/run_json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "core/config.hpp"
#include "core/json.hpp"

namespace xensim {
namespace {

std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string number(double value) {
  if (value == 0 && std::signbit(value))
    return "-0.0";  // "-0" would be read as a whole number, which has no sign
  return std::isfinite(value) ? fmt::format("{}", value) : fmt::format("\"{}\"", value);
}

double to_number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string to_json(const RunResult& result) {
  std::string text = fmt::format("{{\"simulated_s\": {}, \"events\": {}, \"audited\": {},\n\"metrics\": [",
                                 number(result.simulated_s), result.events, result.audited);
  const auto out = std::back_inserter(text);
  const char* separator = "\n";
  for (const Metric& metric : result.metrics) {
    fmt::format_to(out, "{}[{}, {}, {}]", separator, quoted(metric.name), quoted(metric.unit),
                   number(metric.value));
    separator = ",\n";
  }
  text += "],\n\"series\": [";
  separator = "\n";
  for (const auto& [name, unit, samples] : result.series) {
    fmt::format_to(out, "{}[{}, {}, [", separator, quoted(name), quoted(unit));
    separator = "";
    for (const auto& [at, value] : samples) {
      fmt::format_to(out, "{}[{}, {}]", separator, at.count(), number(value));
      separator = ", ";
    }
    text += "]]";
    separator = ",\n";
  }
  return text + "]}\n";
}

std::optional<RunResult> from_json(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    RunResult result;
    result.simulated_s = to_number(json.at("simulated_s"));
    result.events = json.at("events").get<std::uint64_t>();
    result.audited = json.at("audited").get<bool>();
    for (const Json& metric : json.at("metrics")) {
      result.metrics.push_back(
          {metric.at(0).get<std::string>(), metric.at(1).get<std::string>(), to_number(metric.at(2))});
    }
    for (const Json& series : json.at("series")) {
      TimeSeries& read = result.series.emplace_back();
      read.name = series.at(0).get<std::string>();
      read.unit = series.at(1).get<std::string>();
      for (const Json& sample : series.at(2)) {
        read.add(Time{sample.at(0).get<std::int64_t>()}, to_number(sample.at(1)));
      }
    }
    return result;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace xensim
