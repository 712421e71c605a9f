#include "experiments/runner/run_cache.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/host_needs.hpp"
#include "experiments/runner/source_identity.hpp"
#include "results/atomic_file.hpp"
#include "results/fingerprint.hpp"
#include "results/run_json.hpp"

namespace xensim {
namespace {

/// Raised when the meaning of an entry changes.
constexpr std::string_view entry_format = "xensim run 1";

std::string hash_of(std::string_view text) {
  Fingerprint hash;
  hash.add(text);
  return hash.hexadecimal();
}

/// Takes the first line off `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void warn_of(const std::filesystem::path& file, std::string_view what) {
  fmt::print(stderr, "xensim: warning: {}: {}\n", file.string(), what);
}

}  // namespace

std::string run_key(const Experiment& experiment, const SimulationOptions& options) {
  Json document = *experiment.document;
  // The seed of the experiment is in that of the run.
  for (const char* key : {"$schema", "name", "title", "description", "source", "seed", "replications",
                          "precision", "sweep", "compare", "constants"}) {
    document.erase(key);
  }
  Json constants = Json::object(), files = Json::object();
  for (const std::string& name : experiment.calibration->names()) {
    constants[name] = experiment.calibration->value(name);
  }
  for (const std::string& file : HostNeeds{}.files(experiment)) {
    files[file] = hash_of(read_file(file).value_or(""));
  }
  return Json{{"xensim", XENSIM_VERSION},   {"sources", source_identity()},
              {"seed", options.seed},       {"audit", options.audit},
              {"explain", options.explain}, {"experiment", std::move(document)},
              {"files", std::move(files)},  {"constants", std::move(constants)}}
      .dump();
}

RunCache::RunCache(std::filesystem::path directory) : directory_(std::move(directory)) {
  make_directory(directory_);
  check_writable(directory_ / "entry");
}

std::filesystem::path RunCache::file_of(const std::string& key) const {
  return directory_ / (hash_of(key) + ".run");
}

std::optional<RunResult> RunCache::find(const std::string& key) const {
  const std::filesystem::path file = file_of(key);
  const std::optional<std::string> text = read_file(file);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  const std::string_view head = take_line(rest);
  if (head != fmt::format("{} {}", entry_format, hash_of(rest))) {
    warn_of(file, "damaged, or no entry of this cache; the run is done again");
    return std::nullopt;
  }
  if (take_line(rest) != key) {
    warn_of(file, "of another run with the same hash; the run is done again");
    return std::nullopt;
  }
  const std::string_view refused = take_line(rest);
  std::optional<RunResult> result = from_json(rest);
  if (result) (void)std::from_chars(refused.data(), refused.data() + refused.size(), result->refused);
  return result;
}

void RunCache::keep(const std::string& key, const RunResult& result) const {
  const std::string content = fmt::format("{}\n{}\n{}", key, result.refused, to_json(result));
  const std::filesystem::path file = file_of(key);
  try {
    write_file(file, fmt::format("{} {}\n{}", entry_format, hash_of(content), content));
  } catch (const InputError& error) {
    fmt::print(stderr, "xensim: warning: {}; the run's result is not kept\n", error.what());
  }
}

RunResult simulate_or_find(const Experiment& experiment, const SimulationOptions& options,
                           const std::optional<std::filesystem::path>& cache) {
  if (!cache || options.trace != nullptr || options.strict) return simulate(experiment, options);
  const RunCache runs(*cache);
  const std::string key = run_key(experiment, options);
  if (std::optional<RunResult> found = runs.find(key)) return std::move(*found);
  RunResult result = simulate(experiment, options);
  runs.keep(key, result);
  return result;
}

}  // namespace xensim
