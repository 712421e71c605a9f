#include "core/config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.hpp"

namespace xensim {

namespace {
const Json null;
}  // namespace

std::string ConfigSource::change_of(std::string path) const {
  if (changes.empty() || lines.contains(path)) return {};
  for (;;) {
    if (const auto change = changes.find(path); change != changes.end()) return change->second;
    const std::size_t parent = path.find_last_of(".[");
    if (parent == std::string::npos) return {};
    path.resize(parent);
  }
}

Config::Config() : value_(&null) {}

Config::Config(const Json& value, std::shared_ptr<const ConfigSource> source, std::string path)
    : value_(&value), source_(std::move(source)), path_(std::move(path)) {}

Where Config::where() const {
  if (!source_) return {.file = {}, .line = 0, .path = path_};
  if (std::string change = source_->change_of(path_); !change.empty()) {
    return {.file = std::move(change), .line = 0, .path = path_};
  }
  const auto line = source_->lines.find(path_);
  return {.file = source_->file, .line = line == source_->lines.end() ? 0 : line->second, .path = path_};
}

Config Config::at(std::string_view key) const {
  require_object();
  const auto member = value_->find(key);
  if (member == value_->end()) fail(fmt::format("no \"{}\"", key), "a member of this name");
  return Config(*member, source_, fmt::format("{}.{}", path_, key));
}

Config Config::at(std::size_t index) const {
  return Config(value_->at(index), source_, fmt::format("{}[{}]", path_, index));
}

std::size_t Config::size() const { return value_->size(); }

bool Config::has(std::string_view key) const { return value_->is_object() && value_->contains(key); }

std::vector<std::string> Config::keys() const {
  std::vector<std::string> names;
  for (const auto& member : value_->items()) names.push_back(member.key());
  return names;
}

void Config::allow_only(std::span<const std::string> known) const {
  require_object();
  for (const std::string& key : keys()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      at(key).fail(fmt::format("unknown key \"{}\"", key), one_of(known), nearest(key, known));
    }
  }
}

std::string Config::choice(std::string_view kind, std::span<const std::string> names) const {
  const std::string name = string();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail(fmt::format("unknown {} \"{}\"", kind, name), one_of(names), nearest(name, names));
  }
  return name;
}

void Config::require_object() const {
  if (!value_->is_object()) fail(describe(*value_), "an object");
}

void Config::require_array() const {
  if (!value_->is_array()) fail(describe(*value_), "an array");
}

std::string Config::string() const {
  if (!value_->is_string()) fail(describe(*value_), "a string");
  return value_->get<std::string>();
}

void Config::fail(std::string_view found, std::string_view expected, std::string_view nearest) const {
  throw InputError(where(), fmt::format("found {}", found), expected, nearest);
}

std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return shortened(value.dump());
}

std::string shortened(std::string text) {
  std::size_t end = 60;
  if (text.size() <= end) return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  while (end > 0 && continues(end)) --end;
  return text.substr(0, end) + "...";
}

}  // namespace xensim
