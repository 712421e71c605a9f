#include "results/recorder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "results/fingerprint.hpp"
#include "results/run_json.hpp"

namespace xensim {
namespace {
namespace fs = std::filesystem;

/// Raised when the meaning of a file in the directory changes.
constexpr int format_version = 1;

/// A run.json or sweep.json; null if there is no such file.
Json recorded(const fs::path& file) {
  const std::optional<std::string> text = read_file(file);
  if (!text) return {};
  Json json = Json::parse(*text, nullptr, false);
  const bool ours = json.is_object() && json.contains("hash") && json["hash"].is_string();
  return ours ? json : Json{{"hash", "unknown"}};
}
std::string hash_of(const Json& recorded) { return recorded.is_null() ? "" : recorded["hash"]; }

/// Where two documents differ, such as `measure.duration, domains[0].count`; of many places a few.
std::string differing_paths(const Json& a, const Json& b) {
  constexpr std::size_t few = 3;
  const Json changes = Json::diff(a, b);
  std::vector<std::string> paths;
  for (const Json& change : changes) {
    std::string path;
    const std::string pointer = change.at("path");
    for (std::size_t begin = 1; begin <= pointer.size();) {
      const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
      const std::string part = pointer.substr(begin, end - begin);
      const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
      path += index ? '[' + part + ']' : path.empty() ? part : '.' + part;
      begin = end + 1;
    }
    if (std::ranges::find(paths, path) == paths.end()) paths.push_back(std::move(path));
  }
  const std::size_t shown = std::min(paths.size(), few);
  return fmt::format("{}{}",
                     fmt::join(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     paths.size() > few ? ", ..." : "");
}

/// What keeps results that are described so from being those of `provenance`.
std::string difference(const Json& description, const Provenance& provenance) {
  const auto part = [&](const char* key) { return description.value(key, Json()); };
  if (part("xensim") != provenance.version) return "another version of the program";
  if (part("sources") != provenance.sources) return "another build of the program";
  if (const std::string paths = differing_paths(part("configuration"), provenance.configuration);
      !paths.empty())
    return "another configuration: " + paths;
  if (const std::string paths = differing_paths(part("constants"), provenance.constants); !paths.empty())
    return "other constants: " + paths;
  if (description.value("only", Json::array()) != Json(provenance.only)) return "other runs (--only)";
  return "other files that its runs read";
}

/// Removes the files with this extension that recorders wrote; people's other files stay.
void remove_files(const fs::path& directory, std::string_view extension) {
  std::error_code ignored;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  for (const fs::path& file : files) fs::remove(file, ignored);
}

void remove_if_empty(const fs::path& directory) {
  std::error_code ignored;
  fs::remove(directory, ignored);
}

}  // namespace

std::string Provenance::hash() const {
  Fingerprint hash;
  for (const std::string& part : {version, sources, configuration.dump(), inputs}) hash.add(part);
  for (const std::string& selector : only) hash.add(selector);
  return hash.hexadecimal();
}

Recorder::Recorder(fs::path directory, Provenance provenance, bool resume)
    : directory_(std::move(directory)), runs_(directory_ / "runs"), provenance_(std::move(provenance)) {
  make_directory(directory_);
  lock_.emplace(directory_);
  const std::string hash = provenance_.hash();
  if (resume) {
    const Json complete = recorded(directory_ / "run.json"), started = recorded(runs_ / "sweep.json");
    if (hash_of(complete) == hash) {
      adopt_complete();
      if (complete_) return;
    } else if (hash_of(started) == hash) {
      adopt_finished_runs();
    } else if (!complete.is_null() || !started.is_null()) {
      const Json& other = started.is_null() ? complete : started;
      throw InputError({.file = directory_.string()},
                       fmt::format("cannot resume: its results are of {} (hash {})",
                                   difference(other, provenance_), hash_of(other)),
                       fmt::format("hash {}; choose another output directory or leave out --resume", hash));
    }
  }
  make_directory(runs_);
  if (found_.empty()) remove_files(runs_, ".json");
  write_file(runs_ / "sweep.json", identity().dump(2) + '\n');
}

void Recorder::adopt_complete() {
  const Json json = Json::parse(*read_file(directory_ / "run.json"), nullptr, false);
  if (!json.contains("runs") || !json["runs"].is_array()) return;
  const std::size_t count = json["runs"].size();
  if (count != provenance_.runs.size() && !json.contains("precision")) return;
  if (!fs::is_regular_file(directory_ / "metrics.csv")) return;
  const bool audited = json.value("audited", false);
  if (provenance_.audited && !audited) {
    not_audited_ = count;
    return;
  }
  MetricsTable table;
  try {
    table = read_metrics(directory_ / "metrics.csv");
  } catch (const InputError&) {  // what cannot be read is run again
    return;
  }
  const auto empty = [](const RunResult& result) { return result.metrics.empty(); };
  if (table.results.size() != count || std::ranges::any_of(table.results, empty)) return;
  const auto same = [](const RunLabel& a, const RunLabel& b) {
    return a.replication == b.replication && a.point == b.point;
  };
  std::size_t at = 0;  // among all runs that may be needed, which are in the same order
  for (std::size_t run = 0; run < count; ++run, ++at) {
    while (at < provenance_.runs.size() && !same(provenance_.runs[at], table.labels[run])) ++at;
    if (at == provenance_.runs.size()) return found_.clear();
    const Json& entry = json["runs"][run];
    table.results[run].simulated_s = entry.value("simulated_s", 0.0);
    table.results[run].events = entry.value("events", std::uint64_t{0});
    table.results[run].audited = audited;
    table.results[run].series_on_disk = true;
    found_.emplace(at, std::move(table.results[run]));
  }
  complete_ = true;
}

void Recorder::adopt_finished_runs() {
  for (std::size_t run = 0; run < provenance_.runs.size(); ++run) {
    const std::optional<std::string> text = read_file(run_file(run));
    if (!text) continue;
    // What cannot be read is run again.
    std::optional<RunResult> result = from_json(*text);
    if (!result) continue;
    if (provenance_.audited && !result->audited) {
      ++not_audited_;
    } else {
      found_.emplace(run, std::move(*result));
    }
  }
}

fs::path Recorder::run_file(std::size_t run) const { return runs_ / fmt::format("{:05}.json", run); }

void Recorder::keep(std::size_t run, const RunResult& result) { write_file(run_file(run), to_json(result)); }

Json Recorder::identity() const {
  Json json;
  json["xensim"] = provenance_.version;
  json["sources"] = provenance_.sources;
  json["format"] = format_version;
  json["hash"] = provenance_.hash();
  json["seed"] = provenance_.seed;
  json["configuration"] = provenance_.configuration;
  if (!provenance_.only.empty()) json["only"] = provenance_.only;
  json["constants"] = provenance_.constants;
  return json;
}

std::string Recorder::description(std::span<const RunResult> results) const {
  Json json = identity();
  if (std::ranges::all_of(results, &RunResult::audited)) json["audited"] = true;
  json["resolved"] = provenance_.resolved;
  if (!precision_.is_null()) json["precision"] = precision_;
  json["runs"] = Json::array();
  for (const RunResult& result : results) {
    json["runs"].push_back(Json{{"simulated_s", result.simulated_s}, {"events", result.events}});
  }
  return json.dump(2) + '\n';
}

void Recorder::select(std::span<const std::size_t> runs, Json precision) {
  std::vector<RunLabel> labels;
  for (const std::size_t run : runs) labels.push_back(std::move(provenance_.runs[run]));
  provenance_.runs = std::move(labels);
  precision_ = std::move(precision);
}

void Recorder::write_tables(std::span<const RunResult> results) {
  const fs::path description_file = directory_ / "run.json";
  const bool ours = fs::exists(description_file) || fs::exists(directory_ / "metrics.csv");
  fs::remove(description_file);
  if (ours) {
    remove_files(directory_ / "series", ".csv");
    const std::string name = fs::canonical(directory_).filename().string();
    for (const std::string& made_of_it :
         {std::string("cells.csv"), std::string("losses.txt"), name + ".png", name + ".svg"}) {
      fs::remove(directory_ / made_of_it);
    }
  }
  remove_if_empty(directory_ / "series");

  write_file(directory_ / "metrics.csv", metrics_csv(provenance_.runs, results));
  std::set<std::string> names;
  for (const RunResult& result : results) {
    for (const TimeSeries& series : result.series) names.insert(series.name);
  }
  if (!names.empty()) make_directory(directory_ / "series");
  for (const std::string& name : names) {
    write_file(directory_ / "series" / series_file_name(name), series_csv(name, provenance_.runs, results));
  }
}

void Recorder::give_up(std::span<const RunResult> results) { write_tables(results); }

void Recorder::finish(std::span<const RunResult> results) {
  if (complete_) return;
  write_tables(results);
  write_file(directory_ / "run.json", description(results));

  remove_files(runs_, ".json");
  remove_files(runs_, ".tmp");
  remove_if_empty(runs_);
}

}  // namespace xensim
