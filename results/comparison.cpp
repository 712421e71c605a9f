#include "results/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "results/metrics_table.hpp"

namespace xensim {
namespace {

/// Six significant digits: what a report can mean, and the same on machines whose mathematical
/// libraries differ in the last bit.
std::string rounded_text(double value) { return fmt::format("{:.6g}", value); }

Json rounded(double value) { return std::isfinite(value) ? Json::parse(rounded_text(value)) : Json(); }
Json rounded(std::optional<double> value) { return value ? rounded(*value) : Json(); }

std::string field(std::optional<double> value) {
  return value && std::isfinite(*value) ? rounded_text(*value) : std::string();
}

std::string interval_text(const Estimate& estimate) {
  return estimate.has_interval() ? fmt::format("{:.5g} to {:.5g}", estimate.low, estimate.high) : "unknown";
}

/// Mean and worst error of the cells of one role, relative ones or those in points; empty if none has an
/// error.
std::string error_summary(std::span<const Cell> cells, std::string_view role, bool in_points) {
  double sum = 0;
  std::size_t count = 0;
  const Cell* worst = nullptr;
  for (const Cell& cell : cells) {
    const std::optional<double> error = cell.error_percent();
    if (cell.role != role || cell.in_percent() != in_points || cell.by_definition) continue;
    if (!error || !std::isfinite(*error)) continue;
    sum += std::abs(*error);
    ++count;
    if (worst == nullptr || std::abs(*error) > std::abs(*worst->error_percent())) worst = &cell;
  }
  if (count == 0) return {};
  const std::string_view unit = in_points ? "points" : "%";
  return fmt::format("{}: {} cells, mean error {:.2f} {}, worst {:+.2f} {} ({})\n", role, count,
                     sum / static_cast<double>(count), unit, *worst->error_percent(), unit, worst->id);
}

}  // namespace

PublishedValues read_published(const std::filesystem::path& file) {
  const std::optional<std::string> text = read_file(file);
  if (!text) throw InputError({.file = file.string()}, "cannot be read", "the published values");
  PublishedValues values;
  try {
    const Json json = Json::parse(*text);
    for (const auto& [id, entry] : json.items()) {
      values[id] = {entry.at("value").get<double>(), entry.at("unit").get<std::string>(),
                    entry.at("source").get<std::string>()};
    }
  } catch (const Json::exception& error) {
    throw InputError({.file = file.string()}, error.what(), R"({"cell id": {"value", "unit", "source"}})");
  }
  return values;
}

std::optional<double> Cell::error_percent() const {
  if (!published || *published == 0) return std::nullopt;
  if (in_percent()) return simulated.mean - *published;
  return 100 * (simulated.mean - *published) / std::abs(*published);
}

Cell make_cell(std::string id, std::string unit, Estimate simulated, std::string role,
               const PublishedValues& published) {
  Cell cell{std::move(id), std::move(unit), std::nullopt, simulated, std::move(role)};
  if (const auto found = published.find(cell.id); found != published.end()) {
    cell.published = found->second.value;
  } else {
    cell.role = "unpublished";
  }
  return cell;
}

Json comparison_json(std::string_view version, std::uint64_t seed,
                     std::span<const ExperimentComparison> experiments) {
  Json json;
  json["xensim"] = version;
  json["seed"] = seed;
  json["experiments"] = Json::array();
  for (const ExperimentComparison& experiment : experiments) {
    Json cells = Json::array();
    for (const Cell& cell : experiment.cells) {
      const Estimate& simulated = cell.simulated;
      Json& entry = cells.emplace_back();
      entry["id"] = cell.id;
      entry["unit"] = cell.unit;
      entry["published"] = rounded(cell.published);
      entry["simulated"] = rounded(simulated.mean);
      entry["ci95"] =
          simulated.has_interval() ? Json::array({rounded(simulated.low), rounded(simulated.high)}) : Json();
      entry["role"] = cell.role;
      entry["error_pct"] = rounded(cell.error_percent());
    }
    Json& entry = json["experiments"].emplace_back();
    entry["name"] = experiment.name;
    entry["wall_s"] = rounded(experiment.wall_s);
    entry["simulated_s"] = rounded(experiment.simulated_s);
    entry["events"] = experiment.events;
    entry["cells"] = std::move(cells);
  }
  return json;
}

std::string comparison_table(std::span<const Cell> cells) {
  std::size_t width = 4;
  for (const Cell& cell : cells) width = std::max(width, cell.id.size());
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{:{}}  {:>10}  {:>10}  {:>20}  {:>9}  {}\n", "cell", width, "published", "simulated",
                 "95 % interval", "error", "role");
  for (const Cell& cell : cells) {
    const std::optional<double> error = cell.error_percent();
    fmt::format_to(out, "{:{}}  {:>10}  {:>10.5g}  {:>20}  {:>9}  {}\n", cell.id, width,
                   cell.published ? fmt::format("{:.5g}", *cell.published) : "-", cell.simulated.mean,
                   cell.by_definition ? "by definition" : interval_text(cell.simulated),
                   error ? fmt::format("{:+.2f} {}", *error, cell.in_percent() ? "points" : "%") : "-",
                   cell.role);
  }
  for (const char* role : {"calibrated", "predicted"}) {
    for (const bool in_points : {false, true}) text += error_summary(cells, role, in_points);
  }
  return text;
}

std::string comparison_csv(std::span<const Cell> cells) {
  std::string text = "cell,unit,role,published,simulated,low,high,error_pct,by_definition\n";
  for (const Cell& cell : cells) {
    text += fmt::format("{},{},{},{},{},{},{},{},{:d}\n", csv_field(cell.id), csv_field(cell.unit),
                        csv_field(cell.role), field(cell.published), field(cell.simulated.mean),
                        field(cell.simulated.low), field(cell.simulated.high), field(cell.error_percent()),
                        cell.by_definition);
  }
  return text;
}

}  // namespace xensim
