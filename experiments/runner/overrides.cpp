#include "experiments/runner/overrides.hpp"

#include <fmt/format.h>

#include "experiments/runner/json_source.hpp"

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

}  // namespace

void apply_override(ExperimentFile& file, const std::string& assignment) {
  if (!is_utf8(assignment)) {
    throw InputError({.file = "--set", .line = 0, .path = {}}, "found bytes that are not UTF-8",
                     "UTF-8 text");
  }
  const Where where{.file = "--set " + assignment, .line = 0, .path = {}};
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError(where, fmt::format("found \"{}\"", assignment),
                     "path=value, such as domains[0].count=4");
  }
  const std::string path = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  Json value = Json::accept(text) ? parse_json(text, where.file).value : Json(text);
  set_path(file.document, path, std::move(value), where);
  auto source = std::make_shared<ConfigSource>(file.source ? *file.source : ConfigSource{});
  move_lines(*source, "", "$." + path);
  file.source = std::move(source);
}

}  // namespace xensim
