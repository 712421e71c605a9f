#include "core/parameter.hpp"

#include <concepts>
#include <functional>

#include "core/json_type.hpp"
#include "core/parameter_info.hpp"

namespace xensim {
namespace {

void* behind(void* owner, std::ptrdiff_t offset) { return static_cast<std::byte*>(owner) + offset; }
const void* behind(const void* owner, std::ptrdiff_t offset) {
  return static_cast<const std::byte*>(owner) + offset;
}

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

template <class T>
T read_value(const Config& config, const ParameterLimits<T>& limits) {
  if constexpr (requires { JsonType<T>::highest; }) {
    return JsonType<T>::read(config, limits.minimum.value_or(JsonType<T>::lowest),
                             limits.maximum.value_or(JsonType<T>::highest));
  } else {
    return JsonType<T>::read(config);
  }
}

void check_choices(const Config& config, const std::vector<std::string>& choices) {
  if (!config.json().is_array()) return void(config.choice("value", choices));
  for (std::size_t i = 0; i < config.size(); ++i) (void)config.at(i).choice("value", choices);
}

template <class T>
T read_checked(const Config& config, const ParameterLimits<T>& limits) {
  T value = read_value(config, limits);
  if constexpr (std::totally_ordered<T>) {
    if (limits.minimum && value < *limits.minimum) {
      config.fail(describe(config.json()), "at least " + describe(JsonType<T>::write(*limits.minimum)));
    }
    if (limits.maximum && value > *limits.maximum) {
      config.fail(describe(config.json()), "at most " + describe(JsonType<T>::write(*limits.maximum)));
    }
  }
  if (!limits.choices.empty()) check_choices(config, limits.choices);
  return value;
}

template <class T>
Json write_if(const std::optional<T>& value) {
  return value ? JsonType<T>::write(*value) : Json();
}

}  // namespace

struct ParameterList::Field {
  ParameterInfo info;
  std::function<void(const Config& config, void* owner)> read;  ///< no owner: only checked
  std::function<Json(const void* owner)> write;
};

ParameterList::ParameterList() = default;
ParameterList::ParameterList(const ParameterList& other) = default;
ParameterList::ParameterList(ParameterList&& other) noexcept = default;
ParameterList& ParameterList::operator=(const ParameterList& other) = default;
ParameterList& ParameterList::operator=(ParameterList&& other) noexcept = default;
ParameterList::~ParameterList() = default;

template <class T>
void ParameterList::add(std::string_view name, std::ptrdiff_t offset, const T& fallback,
                        std::string_view help, std::string_view source, const ParameterLimits<T>& limits) {
  Field field;
  field.info = {.name = std::string(name),
                .help = std::string(help),
                .source = std::string(source),
                .type = std::string(JsonType<T>::type),
                .unit = std::string(JsonType<T>::unit),
                .minimum = write_if(limits.minimum),
                .maximum = write_if(limits.maximum),
                .fallback = JsonType<T>::write(fallback),
                .choices = limits.choices};
  if constexpr (requires { JsonType<T>::element; }) field.info.element = JsonType<T>::element;
  field.write = [offset](const void* owner) {
    return JsonType<T>::write(*static_cast<const T*>(behind(owner, offset)));
  };
  field.read = [offset, limits](const Config& config, void* owner) {
    T value = read_checked(config, limits);
    if (owner != nullptr) *static_cast<T*>(behind(owner, offset)) = std::move(value);
  };
  fields_.push_back(std::move(field));
}

// The types of parameters.
#define XENSIM_PARAMETER(T)                                                                      \
  template void ParameterList::add(std::string_view, std::ptrdiff_t, const T&, std::string_view, \
                                   std::string_view, const ParameterLimits<T>&)
XENSIM_PARAMETER(bool);
XENSIM_PARAMETER(std::int64_t);
XENSIM_PARAMETER(std::uint64_t);
XENSIM_PARAMETER(std::uint32_t);
XENSIM_PARAMETER(double);
XENSIM_PARAMETER(Time);
XENSIM_PARAMETER(Bytes);
XENSIM_PARAMETER(Frequency);
XENSIM_PARAMETER(std::string);
XENSIM_PARAMETER(InputFile);
XENSIM_PARAMETER(std::vector<std::string>);
#undef XENSIM_PARAMETER

void ParameterList::read(const Config& config, std::span<const std::string> others, void* owner) const {
  std::vector<std::string> known(others.begin(), others.end());
  for (const Field& field : fields_) known.push_back(field.info.name);
  config.allow_only(known);
  for (const Field& field : fields_) {
    if (config.has(field.info.name)) field.read(config.at(field.info.name), owner);
  }
}

Json ParameterList::write(const void* owner) const {
  Json object = Json::object();
  for (const Field& field : fields_) object[field.info.name] = field.write(owner);
  return object;
}

std::vector<ParameterInfo> ParameterList::describe_all() const {
  std::vector<ParameterInfo> infos;
  for (const Field& field : fields_) infos.push_back(field.info);
  return infos;
}

std::span<const std::string> variant_keys() {
  static const std::vector<std::string> keys{"name"};
  return keys;
}

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
