#include "experiments/runner/reproduction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/cells.hpp"
#include "experiments/runner/explanation.hpp"
#include "results/atomic_file.hpp"
#include "results/comparison.hpp"

namespace xensim {
namespace {

/// Every experiment of the paper's evaluation, in its order.
constexpr std::array paper{"figure3", "table3",    "table4",  "table5",         "table6",   "figure4",
                           "figure5", "isolation", "figure6", "responsiveness", "footprint"};

std::filesystem::path file_of(const std::string& name) {
  return home_directory() / "experiments" / (name + ".json");
}

std::vector<std::string> chosen(const std::vector<std::string>& names) {
  const std::vector<std::string> known = reproducible();
  if (names.empty()) return known;
  std::vector<std::string> distinct;
  for (const std::string& name : names) {
    if (std::ranges::count(known, name) == 0) {
      if (std::filesystem::exists(file_of(name))) {
        throw InputError({}, fmt::format("\"{}\", which the paper does not have", name),
                         fmt::format("xensim run {}; the paper's are {}", name, one_of(known)));
      }
      throw InputError({}, fmt::format("unknown experiment \"{}\"", name), one_of(known),
                       nearest(name, known));
    }
    if (std::ranges::count(distinct, name) == 0) distinct.push_back(name);
  }
  return distinct;
}

std::uint64_t seed_of(const ExperimentFile& file) {
  return file.document.contains("seed") ? file.document["seed"].get<std::uint64_t>() : 1;
}

/// The experiment on some of the platforms that it sweeps over.
ExperimentFile on_platforms(ExperimentFile file, const std::vector<std::string>& labels) {
  if (labels.empty()) return file;
  Json& sweep = file.document["sweep"];
  const Json all = sweep.is_object() ? sweep.value("platform", Json::array()) : Json::array();
  std::vector<std::string> known;
  Json kept = Json::array();
  for (const Json& value : all) {
    known.push_back(value.is_object() ? value.value("label", value.value("name", ""))
                                      : value.get<std::string>());
    if (std::ranges::count(labels, known.back()) > 0) kept.push_back(value);
  }
  for (const std::string& label : labels) {
    if (std::ranges::count(known, label) > 0) continue;
    throw InputError(
        {.path = "--platform"},
        fmt::format("\"{}\", not a platform of {}", label, file.document["name"].get<std::string>()),
        known.empty() ? "an experiment that sweeps over platforms" : one_of(known), nearest(label, known));
  }
  sweep["platform"] = std::move(kept);
  return file;
}

struct Chosen {
  Chosen(const std::string& experiment, const std::vector<std::string>& platforms)
      : name(experiment),
        file(on_platforms(read_experiment_file(file_of(name)), platforms)),
        blocks(read_compare_blocks(file)),
        runs(expand(file)) {}

  std::string name;
  ExperimentFile file;
  std::vector<CompareBlock> blocks;
  std::vector<Run> runs;
};

struct Reproduced {
  ExperimentComparison comparison;
  std::string losses;       ///< of victims
  std::string explanation;  ///< empty unless it was asked for
};

Reproduced compare(const Chosen& experiment, const Finished& finished, const PublishedValues& published,
                   bool explain) {
  const auto& [runs, results] = finished;
  Reproduced done{.comparison = {.name = experiment.name, .cells = {}}, .losses = {}, .explanation = {}};
  ExperimentComparison& comparison = done.comparison;
  for (const RunResult& result : results) {
    comparison.simulated_s += result.simulated_s;
    comparison.events += result.events;
  }
  const Calibration& calibration = *runs.front().experiment->calibration;
  for (const CompareBlock& block : experiment.blocks) {
    const std::vector<Cell> cells = form_cells(block, runs, results, published, calibration.cells());
    comparison.cells.insert(comparison.cells.end(), cells.begin(), cells.end());
    done.losses += explain_losses(block, runs, results);
  }
  if (explain) {
    const auto first_cell = [&](const Run& run) {
      return experiment.blocks.empty() ? describe_point(run) : cell_of(experiment.blocks.front(), run);
    };
    done.explanation = explanation(runs, results, first_cell);
  }
  return done;
}

}  // namespace

std::vector<std::string> reproducible() {
  std::vector<std::string> names;
  for (const std::string name : paper) {
    if (!std::filesystem::is_regular_file(file_of(name))) continue;
    const ExperimentFile file = read_experiment_file(file_of(name));
    if (file.document.is_object() && file.document.contains("compare")) names.push_back(name);
  }
  return names;
}

void reproduce(const ReproduceOptions& options) {
  const std::vector<std::string> names = chosen(options.names);
  const PublishedValues published =
      read_published(home_directory() / "results" / "published" / "sosp03.json");
  const std::filesystem::path output =
      options.runner.output.value_or(home_directory() / "results" / "output");
  if (options.json) check_writable(*options.json);  // better to fail now than after the last run

  std::vector<Chosen> experiments;
  for (const std::string& name : names) experiments.emplace_back(name, options.platforms);
  if (experiments.empty()) return;
  const std::uint64_t seed = seed_of(experiments.front().file);
  std::vector<Series> series;
  for (const Chosen& experiment : experiments)
    series.push_back({experiment.file, experiment.runs, output / experiment.name});
  RunnerOptions runner = options.runner;
  runner.output = output;

  std::vector<ExperimentComparison> comparisons;
  auto start = std::chrono::steady_clock::now();
  run_series(series, runner, [&](std::size_t i, const Finished& finished) {
    Reproduced done = compare(experiments[i], finished, published, runner.explain);
    const auto end = std::chrono::steady_clock::now();
    done.comparison.wall_s = std::chrono::duration<double>(end - std::exchange(start, end)).count();
    comparisons.push_back(done.comparison);
    const std::filesystem::path& place = *series[i].output;
    write_file(place / "cells.csv", comparison_csv(done.comparison.cells));
    if (!done.losses.empty()) write_file(place / "losses.txt", done.losses);
    fmt::print("{}\n{}{}{}data in {}\n\n", experiments[i].name, comparison_table(done.comparison.cells),
               done.losses, done.explanation, place.string());
    std::fflush(stdout);
    // After each experiment, so that an interruption loses none that is done.
    if (options.json) {
      write_file(*options.json, comparison_json(XENSIM_VERSION, seed, comparisons).dump(2) + '\n');
    }
  });
}

}  // namespace xensim
