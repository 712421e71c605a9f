#include "models/cpu/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/json.hpp"
#include "core/json_type.hpp"
#include "core/parameter.hpp"

namespace xensim {
namespace {

/// No machine differs by more, and times and sizes do not overflow.
constexpr double most_times = 1000;

}  // namespace

Calibration::Calibration(const Json& document) {
  auto source = std::make_shared<ConfigSource>();
  source->file = "calibration";
  collect(Config(document, source), "");
}

Calibration Calibration::with(const Config& overrides) const {
  overrides.require_object();
  Calibration changed = *this;
  for (const std::string& name : overrides.keys()) {
    const Config override_value = overrides.at(name);
    const auto constant = std::ranges::find(changed.constants_, name, &Constant::name);
    if (constant == changed.constants_.end()) {
      override_value.fail(fmt::format("unknown constant \"{}\"", name), "a name from the calibration file",
                          nearest(name, names()));
    }
    const double value = JsonType<double>::read(override_value);
    if (!(value > 0)) override_value.fail(describe(override_value.json()), "a positive number");
    if (const double most = most_times * constant->high; value > most) {
      override_value.fail(
          describe(override_value.json()),
          fmt::format("at most {} {}, {} times the end of its range", most, constant->unit, most_times));
    }
    if (value < constant->low || value > constant->high) {
      changed.out_of_range_.push_back(fmt::format("{} = {} is outside its range, {} to {} {}", name, value,
                                                  constant->low, constant->high, constant->unit));
    }
    constant->value = value;
  }
  return changed;
}

void Calibration::collect(const Config& config, const std::string& prefix) {
  for (const std::string& key : config.keys()) {
    const Config member = config.at(key);
    if (!member.json().is_object()) continue;  // the file's own description
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (!member.has("value")) {
      collect(member, name);
      continue;
    }
    for (const char* part : {"unit", "origin", "source"}) (void)member.at(part).string();
    const auto range = JsonType<std::vector<double>>::read(member.at("range"));
    const double value = JsonType<double>::read(member.at("value"));
    if (range.size() != 2 || value < range[0] || value > range[1]) {
      member.fail(fmt::format("value {} outside its range", value),
                  "a range [low, high] that holds the value");
    }
    constants_.push_back({name, member.at("unit").string(), value, range[0], range[1]});
    if (!member.has("cells")) continue;
    for (std::string& cell : JsonType<std::vector<std::string>>::read(member.at("cells"))) {
      cells_.insert(std::move(cell));
    }
  }
}

const Calibration::Constant* Calibration::find(std::string_view name) const {
  const auto constant = std::ranges::find(constants_, name, &Constant::name);
  return constant == constants_.end() ? nullptr : &*constant;
}

double Calibration::value(std::string_view name) const {
  if (const Constant* constant = find(name)) return constant->value;
  throw InputError({.file = "calibration", .line = 0, .path = {}}, fmt::format("no constant \"{}\"", name),
                   {}, nearest(name, names()));
}

std::vector<std::string> Calibration::names() const {
  std::vector<std::string> names;
  for (const Constant& constant : constants_) names.push_back(constant.name);
  return names;
}

}  // namespace xensim
