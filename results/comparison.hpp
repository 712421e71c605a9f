/// Simulated values beside published ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "results/confidence.hpp"

namespace xensim {

/// A number that was printed or drawn somewhere.
struct PublishedValue {
  double value = 0;
  std::string unit;
  std::string source;
};
/// By cell id, such as `figure6/linux/128`.
using PublishedValues = std::map<std::string, PublishedValue, std::less<>>;

/// Reads `results/published/*.json`. Throws InputError.
[[nodiscard]] PublishedValues read_published(const std::filesystem::path& file);

/// `role` says whether the cell was used to fit a constant ("calibrated") or not ("predicted"); without
/// a published value it is "unpublished".
struct Cell {
  std::string id;
  std::string unit;
  std::optional<double> published;
  Estimate simulated;
  std::string role;
  bool by_definition = false;  ///< the base that others are relative to: right without being predicted

  /// The unit is a percentage, so that differences are in percentage points.
  [[nodiscard]] bool in_percent() const { return unit.starts_with('%'); }
  /// (simulated - published) / |published| in percent; of percentages, simulated - published. Nothing without
  /// a published value or if it is 0.
  [[nodiscard]] std::optional<double> error_percent() const;
};

/// A cell with its published value, if there is one.
[[nodiscard]] Cell make_cell(std::string id, std::string unit, Estimate simulated, std::string role,
                             const PublishedValues& published);

struct ExperimentComparison {
  std::string name;
  double wall_s = 0;       ///< real time it took: the one value that differs from call to call
  double simulated_s = 0;  ///< over all runs
  std::uint64_t events = 0;
  std::vector<Cell> cells;
};

/// The comparison file. Numbers are rounded to six significant digits; an unknown interval is null.
[[nodiscard]] Json comparison_json(std::string_view version, std::uint64_t seed,
                                   std::span<const ExperimentComparison> experiments);

/// The cells as rows for people, then mean and worst error by role: calibrated and predicted cells are
/// never averaged together, and cells that are right by definition are left out.
[[nodiscard]] std::string comparison_table(std::span<const Cell> cells);

/// `cell,unit,role,published,simulated,low,high,error_pct,by_definition`, unknown values empty, the last 0 or
/// 1; rounded as in the file.
[[nodiscard]] std::string comparison_csv(std::span<const Cell> cells);

}  // namespace xensim
