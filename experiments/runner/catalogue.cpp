#include "experiments/runner/catalogue.hpp"

#include "core/parameter_info.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/host/platform.hpp"
#include "workloads/clients/client.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

template <class Registry>
std::vector<Variant> variants_of(const Registry& registry) {
  std::vector<Variant> variants;
  for (const auto& [name, entry] : registry.entries()) {
    auto check = entry.check ? entry.check : [](const Config&) {};
    variants.push_back({name, entry.help, entry.parameters, std::move(check)});
  }
  return variants;
}

}  // namespace

std::vector<Variant> schedulers() { return variants_of(SchedulerRegistry::instance()); }
std::vector<Variant> workloads() { return variants_of(WorkloadRegistry::instance()); }
std::vector<Variant> platforms() { return variants_of(PlatformRegistry::instance()); }
std::vector<Variant> clients() { return variants_of(ClientRegistry::instance()); }

namespace {

/// The variants that a parameter of type "variant" chooses from.
std::vector<Variant> variants_inside(const ParameterInfo& parameter) {
  if (parameter.unit == "platform") return platforms();
  if (parameter.unit == "workload") return workloads();
  return parameter.unit == "scheduler" ? schedulers() : std::vector<Variant>{};
}

}  // namespace

void check_variant(std::string_view kind, std::span<const Variant> variants, const Config& config) {
  if (!config.json().is_string() && !config.json().is_object()) {
    config.fail(describe(config.json()), "a name or an object with \"name\"");
  }
  std::vector<std::string> names;
  for (const Variant& variant : variants) names.push_back(variant.name);
  const std::string name = (config.json().is_string() ? config : config.at("name")).choice(kind, names);
  if (config.json().is_string()) return;  // all defaults
  for (const Variant& variant : variants) {
    if (variant.name != name) continue;
    variant.check(config);
    for (const ParameterInfo& parameter : variant.parameters) {
      if (parameter.type != "variant" || !config.has(parameter.name)) continue;
      check_variant(parameter.unit, variants_inside(parameter), config.at(parameter.name));
    }
  }
}

Json variant_schema(std::span<const Variant> variants) {
  Json names = Json::array();
  for (const Variant& variant : variants) names.push_back(variant.name);
  Json alternatives = Json::array({Json{{"enum", std::move(names)}}});
  for (const Variant& variant : variants) {
    Json properties = {{"name", {{"const", variant.name}, {"description", variant.help}}}};
    Json schema = schema_of(variant.parameters);
    properties.update(schema["properties"]);
    for (const ParameterInfo& parameter : variant.parameters) {
      if (parameter.type != "variant") continue;
      Json inside = variant_schema(variants_inside(parameter));
      inside["description"] = properties[parameter.name]["description"];
      inside["default"] = parameter.fallback;
      properties[parameter.name] = std::move(inside);
    }
    schema["properties"] = std::move(properties);
    schema["required"] = Json::array({"name"});
    alternatives.push_back(std::move(schema));
  }
  return {{"anyOf", std::move(alternatives)}};
}

}  // namespace xensim
