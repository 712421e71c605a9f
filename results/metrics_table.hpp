/// The tidy tables of a results directory: one row per run and value, the run's labels in every row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "results/run_result.hpp"

namespace xensim {

/// What tells one run of an experiment from the others.
struct RunLabel {
  std::vector<std::pair<std::string, std::string>> point;  ///< sweep path -> label of its value
  std::int64_t replication = 0;                            ///< from 0
};

/// `run,<sweep paths>,replication,metric,unit,value`; runs are numbered from 0. Numbers are the shortest
/// that read back to the same value. O(rows).
[[nodiscard]] std::string metrics_csv(std::span<const RunLabel> labels, std::span<const RunResult> results);

/// The runs' labels and metrics as `metrics_csv` wrote them.
struct MetricsTable {
  std::vector<RunLabel> labels;    ///< by run; of runs without metrics, empty
  std::vector<RunResult> results;  ///< by run; only `metrics` is filled
};
/// Throws InputError naming the file and line.
[[nodiscard]] MetricsTable read_metrics(const std::filesystem::path& file);

/// `run,<sweep paths>,replication,time_s,unit,value` of the series `name`; the time is exact.
[[nodiscard]] std::string series_csv(std::string_view name, std::span<const RunLabel> labels,
                                     std::span<const RunResult> results);
/// A file name for a series: `/` becomes `.`, and what file systems may not take is percent-encoded.
[[nodiscard]] std::string series_file_name(std::string_view series);

/// One value of a CSV row, quoted where RFC 4180 wants it.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace xensim
