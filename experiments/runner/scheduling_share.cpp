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
  if (const std::string limit = share_limit(scheduler, share); !limit.empty()) {
    refuse(config, "weight", fmt::format("a weight of {} under \"{}\"", share.weight, scheduler), limit);
  }
}

}  // namespace xensim
