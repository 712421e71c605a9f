#include "experiments/runner/overrides.hpp"

#include <fmt/format.h>

#include "core/json.hpp"
#include "core/json_source.hpp"

namespace xensim {
namespace {

bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

/// The swept value that `value`, written as `text`, is the label of, or `value` itself. Labels as in expand.
Json chosen(const Json& values, const Json& value, const std::string& text, Json& with) {
  if (!values.is_array()) return value;
  const auto is = [&](const Json& label) {
    return label == value || (label.is_string() ? label.get<std::string>() : label.dump()) == text;
  };
  for (const Json& swept : values) {
    if (!swept.is_object()) continue;
    if (swept.contains("label") && swept.contains("value")) {
      if (!is(swept["label"])) continue;
      with = swept.value("with", Json::object());
      return swept["value"];
    }
    if (swept.contains("name") && is(swept["name"])) return swept;
  }
  return value;
}

/// Ends the sweep over `path`, if there is one. What else its value sets, by path.
Json settle(Json& document, const std::string& path, Json& value, const std::string& text,
            const Where& where) {
  Json with = Json::object();
  if (!document.is_object() || !document.contains("sweep") || !document["sweep"].is_object()) return with;
  Json& sweep = document["sweep"];
  for (const auto& axis : sweep.items()) {
    if (path.starts_with(axis.key() + ".") || path.starts_with(axis.key() + "[")) {
      throw InputError(where, fmt::format("found a path below \"{}\", which is swept", axis.key()),
                       fmt::format("a value for \"{}\" itself", axis.key()));
    }
  }
  if (!sweep.contains(path)) return with;
  value = chosen(sweep[path], value, text, with);
  sweep.erase(path);
  document.erase("compare");
  return with;
}

}  // namespace

void apply_override(ExperimentFile& file, const std::string& assignment) {
  if (!is_utf8(assignment)) {
    throw InputError({.file = "--set", .line = 0, .path = {}}, "found bytes that are not UTF-8",
                     "UTF-8 text");
  }
  const std::string option = "--set " + shortened(assignment);
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError({.file = option}, "found no path and value", "path=value, such as domains[0].count=4");
  }
  apply_override(file, assignment.substr(0, equals), assignment.substr(equals + 1), option);
}

void apply_override(ExperimentFile& file, const std::string& path, const std::string& text,
                    const std::string& option) {
  const Where where{.file = option, .line = 0, .path = {}};
  if (!is_utf8(text)) throw InputError({.file = "--" + path}, "found bytes that are not UTF-8", "UTF-8 text");
  Json value = Json::accept(text) ? parse_json(text, where.file).value : Json(text);
  const Json with = settle(file.document, path, value, text, where);
  auto source = std::make_shared<ConfigSource>(file.source ? *file.source : ConfigSource{});
  const auto set = [&](const std::string& at, Json its) {
    set_path(file.document, at, std::move(its), where);
    note_change(*source, "$." + at, option);
  };
  set(path, std::move(value));
  for (const auto& other : with.items()) set(other.key(), other.value());
  file.source = std::move(source);
}

}  // namespace xensim
