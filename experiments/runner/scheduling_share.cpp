#include "experiments/runner/scheduling_share.hpp"

#include <fmt/format.h>

#include "core/parameter_info.hpp"
#include "experiments/runner/catalogue.hpp"

namespace xensim {
namespace {

std::string name_of(const Json& variant) {
  return (variant.is_string() ? variant : variant.at("name")).get<std::string>();
}

[[noreturn]] void refuse(const Config& config, const char* key, const std::string& found,
                         const std::string& expected) {
  (config.has(key) ? config.at(key) : config).fail(found, expected);
}

void check_reservation(const Config& config, const SchedulingShare& share) {
  const std::string period = format(share.period);
  if (share.period == Time{}) {
    for (const char* key : {"slice", "latency"}) {
      if (config.has(key))
        config.at(key).fail(fmt::format("a {} without a period", key), "a \"period\", too");
    }
    return;
  }
  if (share.slice == Time{}) refuse(config, "period", "a period without a slice", "a \"slice\", too");
  if (share.slice > share.period) {
    refuse(config, "slice", fmt::format("a slice of {} in a period of {}", format(share.slice), period),
           "at most the period");
  }
  if (share.latency > share.period) {
    refuse(config, "latency",
           fmt::format("a latency of {} with a period of {}", format(share.latency), period),
           "at most the period");
  }
}

}  // namespace

std::string scheduler_of(const Config& platform) {
  const std::string name = name_of(platform.json());
  for (const Variant& variant : platforms()) {
    if (variant.name != name) continue;
    for (const ParameterInfo& parameter : variant.parameters) {
      if (parameter.unit != "scheduler") continue;
      const bool given = platform.json().is_object() && platform.has(parameter.name);
      return name_of(given ? platform.at(parameter.name).json() : parameter.fallback);
    }
  }
  return {};
}

void check_share(const Config& config, const SchedulingShare& share, const std::string& scheduler) {
  check_reservation(config, share);
  if (const std::string limit = share_limit(scheduler, share); !limit.empty()) {
    refuse(config, "weight", fmt::format("a weight of {} under \"{}\"", share.weight, scheduler), limit);
  }
}

}  // namespace xensim
