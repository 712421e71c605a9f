/// A JSON value that knows where it stands, so that every complaint can say so.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.hpp"

namespace xensim {

/// Order-preserving, so that a resolved configuration is written in the order it was read.
using Json = nlohmann::ordered_json;

/// The file a configuration came from and the line on which each JSON path starts.
struct ConfigSource {
  std::string file;
  std::unordered_map<std::string, int> lines;
  /// What has given the value at a path instead of the file: `--set seed=-1`.
  std::unordered_map<std::string, std::string> changes{};

  /// The change that `path` is of or below; empty: it is of the file. O(depth).
  [[nodiscard]] std::string change_of(std::string path) const;
};

/// A view of one value of a configuration. Cheap to copy; the JSON must outlive it.
class Config {
 public:
  /// Views a null value.
  Config();
  explicit Config(const Json& value, std::shared_ptr<const ConfigSource> source = nullptr,
                  std::string path = "$");

  [[nodiscard]] const Json& json() const { return *value_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Where where() const;

  /// Member `key` of an object. Throws InputError if this is no object or has no such member.
  [[nodiscard]] Config at(std::string_view key) const;
  /// Element `index` of an array, which must exist.
  [[nodiscard]] Config at(std::size_t index) const;
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<std::string> keys() const;

  /// Throws InputError naming the first member that is not in `known`, and the nearest known one.
  void allow_only(std::span<const std::string> known) const;
  /// The string here, which must be one of `names`; `kind` says what they are ("scheduler").
  [[nodiscard]] std::string choice(std::string_view kind, std::span<const std::string> names) const;

  void require_object() const;
  void require_array() const;
  /// The string here, or InputError.
  [[nodiscard]] std::string string() const;

  /// Throws InputError at this place: `found` what is here, `expected` what should be.
  [[noreturn]] void fail(std::string_view found, std::string_view expected = {},
                         std::string_view nearest = {}) const;

 private:
  const Json* value_;
  std::shared_ptr<const ConfigSource> source_;
  std::string path_;
};

/// The beginning of `text` where it is long, cut between characters of UTF-8.
[[nodiscard]] std::string shortened(std::string text);

/// A short rendering of a JSON value for messages: `"5 parsecs"`, `-3`, `an object`.
[[nodiscard]] std::string describe(const Json& value);

}  // namespace xensim
