/// From an experiment with a sweep and replications to single runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/runner/experiment.hpp"
#include "results/precision.hpp"

namespace xensim {

/// One run: a point of the sweep and a replication.
struct Run {
  std::size_t index = 0;                                   ///< dense, in order of expansion
  std::vector<std::pair<std::string, std::string>> point;  ///< sweep path -> label of its value
  std::int64_t replication = 0;                            ///< from 0
  std::uint64_t seed = 0;  ///< of (experiment seed, replication) only: common random numbers over points
  /// What it executes, shared by all replications of a point. Its document is fully resolved: without
  /// "sweep", "replications" and "precision", the machine spelled out.
  std::shared_ptr<const Experiment> experiment;
};

/// All runs, the sweep's last path varying fastest, replications innermost. A sweep value is any JSON, or
/// {"label": L, "value": V}; without a label scalars stand for themselves and objects for their "name".
/// Interprets every distinct point once, so that a bad value is found before anything runs.
/// With a precision, all replications that may be needed, up to its maximum.
[[nodiscard]] std::vector<Run> expand(const ExperimentFile& file);

/// What the file's "precision" asks for; nothing where "replications" fixes their number. Throws InputError
/// if it has both, or a maximum below the minimum.
[[nodiscard]] std::optional<Precision> precision_of(const ExperimentFile& file);

}  // namespace xensim
