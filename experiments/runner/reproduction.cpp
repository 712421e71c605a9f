#include "experiments/runner/reproduction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "core/error.hpp"
#include "experiments/runner/cells.hpp"
#include "results/atomic_file.hpp"
#include "results/comparison.hpp"

namespace xensim {
namespace {

/// Every experiment of the paper's evaluation, in its order.
constexpr std::array paper{"figure3", "figure4", "figure5",   "figure6",        "table3",   "table4",
                           "table5",  "table6",  "isolation", "responsiveness", "footprint"};

std::filesystem::path file_of(const std::string& name) {
  return home_directory() / "experiments" / (name + ".json");
}

std::vector<std::string> chosen(const std::vector<std::string>& names) {
  const std::vector<std::string> known = reproducible();
  if (names.empty()) return known;
  for (const std::string& name : names) {
    if (std::ranges::count(known, name) == 0) {
      throw InputError({}, fmt::format("unknown experiment \"{}\"", name), one_of(known),
                       nearest(name, known));
    }
  }
  return names;
}

std::uint64_t seed_of(const ExperimentFile& file) {
  return file.document.contains("seed") ? file.document["seed"].get<std::uint64_t>() : 1;
}

ExperimentComparison compare(const std::string& name, const ExperimentFile& file, const RunnerOptions& runner,
                             const PublishedValues& published) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<CompareBlock> blocks = read_compare_blocks(file);
  const std::vector<Run> runs = expand(file);
  const std::vector<RunResult> results = run_all(file, runs, runner);

  ExperimentComparison comparison{.name = name, .cells = {}};
  for (const RunResult& result : results) {
    comparison.simulated_s += result.simulated_s;
    comparison.events += result.events;
  }
  for (const CompareBlock& block : blocks) {
    const std::vector<Cell> cells = form_cells(block, runs, results, published);
    comparison.cells.insert(comparison.cells.end(), cells.begin(), cells.end());
  }
  comparison.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return comparison;
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
  if (options.json) (void)AtomicFile(*options.json);  // better to fail now than after the last run

  std::uint64_t seed = 1;
  std::vector<ExperimentComparison> comparisons;
  for (const std::string& name : names) {
    const ExperimentFile file = read_experiment_file(file_of(name));
    if (comparisons.empty()) seed = seed_of(file);
    RunnerOptions runner = options.runner;
    runner.output = output / name;
    comparisons.push_back(compare(name, file, runner, published));
    const ExperimentComparison& comparison = comparisons.back();
    write_file(*runner.output / "cells.csv", comparison_csv(comparison.cells));
    fmt::print("{}\n{}data in {}\n\n", name, comparison_table(comparison.cells), runner.output->string());
    std::fflush(stdout);
    // After each experiment, so that an interruption loses none that is done.
    if (options.json) {
      write_file(*options.json, comparison_json(XENSIM_VERSION, seed, comparisons).dump(2) + '\n');
    }
  }
}

}  // namespace xensim
