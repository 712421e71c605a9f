/// How the types of parameters read from and write to JSON.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/input_file.hpp"
#include "core/json.hpp"
#include "core/quantity.hpp"

namespace xensim {

/// Specialise for a new type, and name it in parameter.cpp.
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

template <>
struct JsonType<InputFile> {
  static constexpr std::string_view type = "string", unit = "file";
  static InputFile read(const Config& config) {
    const std::filesystem::path path = config.string();
    // What an option or a program has given has no line.
    const Where where = config.where();
    if (path.empty() || path.is_absolute() || where.line == 0) return {path.string()};
    return {(std::filesystem::path(where.file).parent_path() / path).string()};
  }
  static Json write(const InputFile& file) { return file.path; }
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

}  // namespace xensim
