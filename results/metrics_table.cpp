#include "results/metrics_table.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <optional>

#include "core/error.hpp"
#include "results/atomic_file.hpp"

namespace xensim {
namespace {

std::string header(std::span<const RunLabel> labels, std::string_view last) {
  std::string text = "run,";
  if (!labels.empty()) {
    for (const auto& [path, label] : labels.front().point) text += csv_field(path) + ',';
  }
  return fmt::format("{}replication,{}\n", text, last);
}

std::string row_start(std::size_t run, const RunLabel& label) {
  std::string text = fmt::format("{},", run);
  for (const auto& [path, value] : label.point) text += csv_field(value) + ',';
  return fmt::format("{}{},", text, label.replication);
}

/// Splits off one record of a CSV text, which may span lines inside quotes; false at the end.
bool next_record(std::string_view& text, std::vector<std::string>& fields) {
  if (text.empty()) return false;
  fields.assign(1, {});
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size() && (quoted || text[i] != '\n'); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      fields.back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  text.remove_prefix(i < text.size() ? i + 1 : i);
  return true;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

std::string metrics_csv(std::span<const RunLabel> labels, std::span<const RunResult> results) {
  std::string text = header(labels, "metric,unit,value");
  for (std::size_t run = 0; run < results.size(); ++run) {
    const std::string start = row_start(run, labels[run]);
    for (const Metric& metric : results[run].metrics) {
      fmt::format_to(std::back_inserter(text), "{}{},{},{}\n", start, csv_field(metric.name),
                     csv_field(metric.unit), metric.value);
    }
  }
  return text;
}

MetricsTable read_metrics(const std::filesystem::path& file) {
  const std::optional<std::string> content = read_file(file);
  if (!content) throw InputError({.file = file.string()}, "cannot be read", "a results directory's metrics");
  std::string_view rest = *content;
  std::vector<std::string> paths, fields;
  next_record(rest, paths);
  const std::size_t columns = paths.size();
  const auto is = [&](std::size_t from_end, std::string_view name) {
    return paths[columns - from_end] == name;
  };
  if (columns < 5 || paths.front() != "run" || !is(4, "replication") || !is(3, "metric") || !is(2, "unit") ||
      !is(1, "value")) {
    throw InputError({.file = file.string(), .line = 1}, "unknown columns",
                     "run,...,replication,metric,unit,value");
  }

  MetricsTable table;
  for (int line = 2; next_record(rest, fields); ++line) {
    const auto fail = [&](std::string_view found) {
      throw InputError({.file = file.string(), .line = line}, found);
    };
    if (fields.size() != columns) fail(fmt::format("{} fields; expected {}", fields.size(), columns));
    const auto run = number<std::size_t>(fields.front());
    const auto replication = number<std::int64_t>(fields[columns - 4]);
    const auto value = number<double>(fields.back());
    // Runs are in order; this also bounds what a damaged number could allocate.
    if (!run || !replication || !value || *run + 1 < table.results.size()) fail("no row of a run");
    if (*run >= table.results.size() + 1'000'000) fail("a run number far from the one before");
    if (*run >= table.results.size()) {
      table.results.resize(*run + 1);
      table.labels.resize(*run + 1);
      for (std::size_t i = 1; i + 4 < columns; ++i)
        table.labels[*run].point.emplace_back(paths[i], fields[i]);
      table.labels[*run].replication = *replication;
    }
    table.results[*run].metrics.push_back({fields[columns - 3], fields[columns - 2], *value});
  }
  return table;
}

std::string series_csv(std::string_view name, std::span<const RunLabel> labels,
                       std::span<const RunResult> results) {
  constexpr std::int64_t ps_per_s = 1'000'000'000'000;
  std::string text = header(labels, "time_s,unit,value");
  for (std::size_t run = 0; run < results.size(); ++run) {
    const std::string start = row_start(run, labels[run]);
    for (const auto& [series, unit, samples] : results[run].series) {
      if (series != name) continue;
      for (const auto& [at, value] : samples) {
        fmt::format_to(std::back_inserter(text), "{}{}.{:012},{},{}\n", start, at.count() / ps_per_s,
                       at.count() % ps_per_s, csv_field(unit), value);
      }
    }
  }
  return text;
}

std::string series_file_name(std::string_view series) {
  std::string name;
  for (const char c : series) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (plain) {
      name += c;
    } else if (c == '/') {
      name += '.';
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return name + ".csv";
}

}  // namespace xensim
