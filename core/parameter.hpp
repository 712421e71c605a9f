/// A parameter, declared once: from that line come its parsing, its range check, the JSON Schema,
/// `xensim list`, the Python signatures and the manual's tables.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/quantity.hpp"

namespace xensim {

/// What there is to know about a parameter besides its value.
struct ParameterInfo {
  std::string name;
  std::string help;
  std::string source;     ///< where default and range come from: paper section, data sheet, code
  std::string type;       ///< JSON Schema's word for it: "integer", "number", "string", ...
  std::string unit;       ///< "time", "size", "frequency" for quantities, otherwise a word or empty
  std::string element{};  ///< of an "array": the type of its elements; `unit` and `choices` are theirs
  Json minimum, maximum;  ///< null if unbounded
  Json fallback;          ///< the default
  std::vector<std::string> choices;
};

/// A parameter that is itself a variant: a name, or an object with "name" and parameters. Its type is
/// "variant" and its unit the kind, such as "scheduler".
[[nodiscard]] ParameterInfo variant_parameter(std::string name, std::string kind, std::string help,
                                              std::string source, std::string fallback);

/// How one C++ type reads from and writes to JSON. Specialise for a new type.
template <class T>
struct JsonType;

template <std::integral T>
requires(!std::same_as<T, bool>) struct JsonType<T> {
  static constexpr std::string_view type = "integer", unit = "";
  static constexpr T lowest = std::numeric_limits<T>::lowest();
  /// JSON's numbers are read as 64 bits with sign.
  static constexpr T highest = std::in_range<std::int64_t>(std::numeric_limits<T>::max())
                                   ? std::numeric_limits<T>::max()
                                   : static_cast<T>(INT64_MAX);
  static T read(const Config& config, T minimum = lowest, T maximum = highest) {
    const Json& json = config.json();
    // Read wide first: narrowing would hide what the user wrote.
    if (json.is_number_integer() && (!json.is_number_unsigned() || json.get<std::uint64_t>() <= INT64_MAX)) {
      const auto wide = json.get<std::int64_t>();
      if (std::cmp_greater_equal(wide, minimum) && std::cmp_less_equal(wide, maximum)) {
        return static_cast<T>(wide);
      }
    }
    config.fail(describe(json),
                "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  }
  static Json write(T value) { return value; }
};

template <>
struct JsonType<double> {
  static constexpr std::string_view type = "number", unit = "";
  static double read(const Config& config) {
    if (!config.json().is_number()) config.fail(describe(config.json()), "a number");
    return config.json().get<double>();
  }
  static Json write(double value) { return value; }
};

template <>
struct JsonType<bool> {
  static constexpr std::string_view type = "boolean", unit = "";
  static bool read(const Config& config) {
    if (!config.json().is_boolean()) config.fail(describe(config.json()), "true or false");
    return config.json().get<bool>();
  }
  static Json write(bool value) { return value; }
};

template <>
struct JsonType<std::string> {
  static constexpr std::string_view type = "string", unit = "";
  static std::string read(const Config& config) { return config.string(); }
  static Json write(const std::string& value) { return value; }
};

/// Time, Bytes and Frequency are strings with a unit.
template <class T, T (*Parse)(std::string_view)>
struct QuantityJson {
  static constexpr std::string_view type = "string";
  static T read(const Config& config) {
    if (!config.json().is_string()) config.fail(describe(config.json()), expected(""));
    try {
      return Parse(config.json().get<std::string>());
    } catch (const std::invalid_argument& error) {
      config.fail(describe(config.json()), error.what());
    }
  }
  static Json write(T value) { return format(value); }

 private:
  static std::string expected(std::string_view text) {
    try {
      (void)Parse(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return {};
  }
};
template <>
struct JsonType<Time> : QuantityJson<Time, parse_time> {
  static constexpr std::string_view unit = "time";
};
template <>
struct JsonType<Bytes> : QuantityJson<Bytes, parse_bytes> {
  static constexpr std::string_view unit = "size";
};
template <>
struct JsonType<Frequency> : QuantityJson<Frequency, parse_frequency> {
  static constexpr std::string_view unit = "frequency";
};

template <class T>
struct JsonType<std::vector<T>> {
  static constexpr std::string_view type = "array", unit = JsonType<T>::unit, element = JsonType<T>::type;
  static std::vector<T> read(const Config& config) {
    config.require_array();
    std::vector<T> values;
    for (std::size_t i = 0; i < config.size(); ++i) values.push_back(JsonType<T>::read(config.at(i)));
    return values;
  }
  static Json write(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(JsonType<T>::write(value));
    return array;
  }
};

/// The parameters of one component: the members of its plain struct `Owner`, whose member
/// initialisers are the defaults.
///
///     struct RoundRobinParameters { Time slice = 10ms; };
///     const auto parameters = ParameterTable<RoundRobinParameters>{}
///         .add("slice", &RoundRobinParameters::slice, "length of a slice",
///              "sched_rrobin.c, Xen 2.0", {.minimum = 1us});
template <class Owner>
class ParameterTable {
 public:
  /// Inclusive bounds and allowed names; leave out what does not apply.
  template <class T>
  struct Limits {
    std::optional<T> minimum{}, maximum{};
    std::vector<std::string> choices{};
  };

  template <class T>
  ParameterTable&& add(std::string name, T Owner::*member, std::string help, std::string source,
                       std::type_identity_t<Limits<T>> limits = {}) && {
    Field field;
    field.info = {.name = std::move(name),
                  .help = std::move(help),
                  .source = std::move(source),
                  .type = std::string(JsonType<T>::type),
                  .unit = std::string(JsonType<T>::unit),
                  .minimum = limits.minimum ? JsonType<T>::write(*limits.minimum) : Json(),
                  .maximum = limits.maximum ? JsonType<T>::write(*limits.maximum) : Json(),
                  .fallback = JsonType<T>::write(Owner{}.*member),
                  .choices = limits.choices};
    if constexpr (requires { JsonType<T>::element; }) field.info.element = JsonType<T>::element;
    field.write = [member](const Owner& owner) { return JsonType<T>::write(owner.*member); };
    field.read = [member, limits](const Config& config, Owner& owner) {
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
      owner.*member = std::move(value);
    };
    fields_.push_back(std::move(field));
    return std::move(*this);
  }

  /// Reads the members that `config` (an object) has, leaving the others at their defaults.
  /// Throws InputError at the offending member. Members in `others` belong to someone else.
  /// `owner` has the values of members that are not there.
  [[nodiscard]] Owner read(const Config& config, std::span<const std::string> others = {},
                           Owner owner = {}) const {
    std::vector<std::string> known(others.begin(), others.end());
    for (const Field& field : fields_) known.push_back(field.info.name);
    config.allow_only(known);
    for (const Field& field : fields_) {
      if (config.has(field.info.name)) field.read(config.at(field.info.name), owner);
    }
    return owner;
  }

  /// All members as resolved.
  [[nodiscard]] Json write(const Owner& owner) const {
    Json object = Json::object();
    for (const Field& field : fields_) object[field.info.name] = field.write(owner);
    return object;
  }

  [[nodiscard]] std::vector<ParameterInfo> describe_all() const {
    std::vector<ParameterInfo> infos;
    for (const Field& field : fields_) infos.push_back(field.info);
    return infos;
  }

 private:
  template <class T>
  static T read_value(const Config& config, const Limits<T>& limits) {
    if constexpr (requires { JsonType<T>::highest; }) {
      return JsonType<T>::read(config, limits.minimum.value_or(JsonType<T>::lowest),
                               limits.maximum.value_or(JsonType<T>::highest));
    } else {
      return JsonType<T>::read(config);
    }
  }
  static void check_choices(const Config& config, const std::vector<std::string>& choices) {
    if (!config.json().is_array()) return void(config.choice("value", choices));
    for (std::size_t i = 0; i < config.size(); ++i) (void)config.at(i).choice("value", choices);
  }

  struct Field {
    ParameterInfo info;
    std::function<void(const Config&, Owner&)> read;
    std::function<Json(const Owner&)> write;
  };
  std::vector<Field> fields_;
};

/// The JSON Schema of an object with these parameters (without "$schema"; unknown keys refused).
[[nodiscard]] Json schema_of(std::span<const ParameterInfo> parameters);

}  // namespace xensim
