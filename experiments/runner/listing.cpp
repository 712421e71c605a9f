#include "experiments/runner/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/parameter_info.hpp"
#include "core/statistic.hpp"
#include "experiments/runner/catalogue.hpp"
#include "experiments/runner/experiment.hpp"

namespace xensim {
namespace {

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::string range(const ParameterInfo& parameter) {
  if (!parameter.choices.empty()) return fmt::format("{}", one_of(parameter.choices));
  const bool low = !parameter.minimum.is_null(), high = !parameter.maximum.is_null();
  if (low && high) return fmt::format("{} to {}", plain(parameter.minimum), plain(parameter.maximum));
  if (low) return fmt::format("at least {}", plain(parameter.minimum));
  if (high) return fmt::format("at most {}", plain(parameter.maximum));
  return "";
}

/// The type as people say it: a time, a list of strings, a scheduler.
std::string type(const ParameterInfo& parameter) {
  const std::string& one = parameter.type == "array" ? parameter.element : parameter.type;
  const std::string word = parameter.unit.empty() ? one : parameter.unit;
  return parameter.type == "array" ? "list of " + word : word;
}

/// A name and what stands beside it, which a long name does not push aside by more than it must.
std::string named(std::string_view name, std::string_view help, std::size_t column) {
  return fmt::format("{:<{}}{}{}", name, column, name.size() < column ? "" : " ", help);
}

std::string variants_text(const std::vector<Variant>& variants) {
  std::string text;
  for (const Variant& variant : variants) {
    text += fmt::format("  {}\n", named(variant.name, variant.help, 26));
    for (const ParameterInfo& parameter : variant.parameters) {
      text += fmt::format("    {}; default {}", named(parameter.name, type(parameter), 16),
                          plain(parameter.fallback));
      if (const std::string limits = range(parameter); !limits.empty()) text += "; " + limits;
      text += fmt::format("\n{:20}{}", "", parameter.help);
      text += parameter.source.empty() ? "\n" : fmt::format(" ({})\n", parameter.source);
    }
  }
  return text;
}

Json variants_json(const std::vector<Variant>& variants) {
  Json list = Json::array();
  for (const Variant& variant : variants) {
    Json parameters = Json::array();
    for (const ParameterInfo& p : variant.parameters) {
      parameters.push_back({{"name", p.name},
                            {"type", p.type},
                            {"unit", p.unit},
                            {"default", p.fallback},
                            {"minimum", p.minimum},
                            {"maximum", p.maximum},
                            {"choices", p.choices},
                            {"help", p.help},
                            {"source", p.source}});
    }
    list.push_back({{"name", variant.name}, {"help", variant.help}, {"parameters", std::move(parameters)}});
  }
  return list;
}

/// "schedulers", "workloads", "platforms" or "clients".
std::vector<Variant> variants(const std::string& kind) {
  if (kind == "schedulers") return schedulers();
  if (kind == "clients") return clients();
  return kind == "workloads" ? workloads() : platforms();
}

std::filesystem::path experiment_path(const std::string& name) {
  return home_directory() / "experiments" / (name + ".json");
}

Json experiments_json() {
  Json list = Json::array();
  for (const std::string& name : experiment_names()) {
    const ExperimentFile file = read_experiment_file(experiment_path(name));
    const Config root(file.document, file.source);
    list.push_back({{"name", name}, {"title", root.has("title") ? root.at("title").string() : ""}});
  }
  return list;
}

std::string_view word(Statistic::Kind kind) {
  switch (kind) {
    case Statistic::Kind::counter:
      return "counter";
    case Statistic::Kind::level:
      return "level";
    case Statistic::Kind::summary:
      break;
  }
  return "summary";
}

Json metrics_json() {
  Json list = Json::array();
  for (const Statistic* statistic : Statistic::catalogue()) {
    list.push_back({{"name", statistic->name},
                    {"unit", statistic->unit},
                    {"kind", word(statistic->kind)},
                    {"help", statistic->help}});
  }
  return list;
}

}  // namespace

const std::vector<std::string>& list_kinds() {
  static const std::vector<std::string> kinds{"schedulers", "workloads",   "platforms",
                                              "clients",    "experiments", "metrics"};
  return kinds;
}

std::string list_text(const std::string& kind) {
  std::string text = kind + "\n";
  if (kind == "experiments") {
    for (const Json& e : experiments_json())
      text += fmt::format("  {}\n", named(plain(e["name"]), plain(e["title"]), 26));
    return text;
  }
  if (kind == "metrics") {
    for (const Json& m : metrics_json()) {
      text += fmt::format("  {} ({}, {})\n", named(plain(m["name"]), plain(m["help"]), 26), plain(m["kind"]),
                          plain(m["unit"]));
    }
    return text;
  }
  return text + variants_text(variants(kind));
}

Json list_json(const std::string& kind) {
  if (kind == "experiments") return experiments_json();
  if (kind == "metrics") return metrics_json();
  return variants_json(variants(kind));
}

std::vector<std::string> experiment_names() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(home_directory() / "experiments", none)) {
    const std::filesystem::path& path = entry.path();
    const bool is_schema = path.stem().extension() == ".schema";
    if (path.extension() == ".json" && !is_schema) names.push_back(path.stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path find_experiment(const std::string& name) {
  std::error_code none;
  if (std::filesystem::exists(name, none)) return name;
  const std::vector<std::string> names = experiment_names();
  if (std::ranges::find(names, name) != names.end()) return experiment_path(name);
  throw InputError({}, fmt::format("no experiment file \"{}\"", name),
                   fmt::format("a file, or {}", one_of(names)),
                   nearest(std::filesystem::path(name).stem().string(), names));
}

}  // namespace xensim
