#include "core/parameter.hpp"

namespace xensim {
namespace {

/// What one value must be: the parameter itself, or an element of it.
Json value_schema(const ParameterInfo& parameter, std::string_view type) {
  if (type == "variant") return Json::object();  // whoever knows the variants fills it in
  Json schema = {{"type", type}};
  if (parameter.unit == "time") schema["pattern"] = R"(^[+-]?[0-9.]+ ?(s|ms|us|ns|ps)$)";
  if (parameter.unit == "size") schema["pattern"] = R"(^[+-]?[0-9.]+ ?(GiB|MiB|KiB|B)$)";
  if (parameter.unit == "frequency") schema["pattern"] = R"(^[+-]?[0-9.]+ ?(GHz|MHz|kHz)$)";
  if (!parameter.choices.empty()) schema["enum"] = parameter.choices;
  return schema;
}

}  // namespace

ParameterInfo variant_parameter(std::string name, std::string kind, std::string help, std::string source,
                                std::string fallback) {
  ParameterInfo info;
  info.name = std::move(name);
  info.help = std::move(help);
  info.source = std::move(source);
  info.type = "variant";
  info.unit = std::move(kind);
  info.fallback = std::move(fallback);
  return info;
}

Json schema_of(std::span<const ParameterInfo> parameters) {
  Json properties = Json::object();
  for (const ParameterInfo& parameter : parameters) {
    Json property = parameter.type == "array"
                        ? Json{{"type", "array"}, {"items", value_schema(parameter, parameter.element)}}
                        : value_schema(parameter, parameter.type);
    property["description"] =
        parameter.source.empty() ? parameter.help : parameter.help + " (" + parameter.source + ")";
    // Bounds of quantities are strings, which JSON Schema cannot compare: the reader checks those.
    if (parameter.minimum.is_number()) property["minimum"] = parameter.minimum;
    if (parameter.maximum.is_number()) property["maximum"] = parameter.maximum;
    property["default"] = parameter.fallback;
    properties[parameter.name] = std::move(property);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

}  // namespace xensim
