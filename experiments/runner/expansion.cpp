#include "experiments/runner/expansion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "core/json.hpp"
#include "core/json_source.hpp"
#include "core/random.hpp"
#include "experiments/runner/cells.hpp"
#include "experiments/runner/format.hpp"
#include "experiments/runner/host_needs.hpp"
#include "experiments/runner/machine_choice.hpp"
#include "experiments/runner/snapshot.hpp"

namespace xensim {
namespace {

constexpr std::size_t most_runs = 1'000'000;

struct SweptValue {
  std::string label;
  Config value;
  std::vector<std::pair<std::string, Config>> with{};  ///< what else is set at this point
};
struct Axis {
  std::string path;
  std::vector<SweptValue> values;
};

/// Throws if `path` is of the whole experiment, of which no point can have its own.
void check_varies(const std::string& path, const Config& config) {
  static const std::vector<std::string> whole{"$schema",      "name",      "title", "description", "source",
                                              "replications", "precision", "seed",  "sweep",       "compare"};
  if (std::ranges::find(whole, path.substr(0, path.find('.'))) == whole.end()) return;
  config.fail(fmt::format("\"{}\", which is the same in all runs", path),
              "a path such as platform.scheduler; replications have seeds of their own");
}

std::string scalar_label(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

SweptValue read_value(const Config& config) {
  if (config.has("label") && config.has("value")) {
    static const std::vector<std::string> known{"label", "value", "with"};
    config.allow_only(known);
    SweptValue swept{scalar_label(config.at("label").json()), config.at("value")};
    if (!config.has("with")) return swept;
    const Config with = config.at("with");
    with.require_object();
    for (const std::string& path : with.keys()) {
      check_varies(path, with.at(path));
      swept.with.emplace_back(path, with.at(path));
    }
    return swept;
  }
  if (config.json().is_primitive()) return {scalar_label(config.json()), config, {}};
  if (!config.has("name")) {
    config.fail(describe(config.json()) + " without a label", R"({"label": ..., "value": ...})");
  }
  return {config.at("name").string(), config, {}};
}

std::vector<Axis> read_axes(const Config& root) {
  std::vector<Axis> axes;
  if (!root.has("sweep")) return axes;
  const Config sweep = root.at("sweep");
  sweep.require_object();
  for (const std::string& path : sweep.keys()) {
    const Config list = sweep.at(path);
    check_varies(path, list);
    list.require_array();
    if (list.size() == 0) list.fail("no values to sweep over", "at least one");
    Axis axis{path, {}};
    for (std::size_t i = 0; i < list.size(); ++i) {
      SweptValue value = read_value(list.at(i));
      const auto same = [&](const SweptValue& other) { return other.label == value.label; };
      if (std::ranges::any_of(axis.values, same)) {
        list.at(i).fail(fmt::format("a second value labelled \"{}\"", value.label),
                        R"(labels that differ, as {"label": ..., "value": ...} gives them)");
      }
      axis.values.push_back(std::move(value));
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

std::size_t count_runs(const Config& root, const std::vector<Axis>& axes, std::int64_t replications) {
  std::size_t runs = static_cast<std::size_t>(replications);
  for (const Axis& axis : axes) {
    runs *= axis.values.size();  // at most 10^6 * the length of a list: no overflow
    if (runs > most_runs) {
      root.at("sweep").fail(fmt::format("a sweep of more than {} runs", most_runs), "a smaller one");
    }
  }
  return runs;
}

/// The experiment at one point of the sweep, its machine spelled out. Throws InputError if it is none.
Experiment experiment_at(Json document, const Json& schema, const std::vector<Axis>& axes,
                         const std::vector<std::size_t>& at,
                         const std::shared_ptr<const ConfigSource>& source, Calibrations& calibrations) {
  auto lines = std::make_shared<ConfigSource>(source ? *source : ConfigSource{});
  const auto set = [&](const std::string& path, const Config& value) {
    set_path(document, schema, path, value.json(), value.where());
    move_lines(*lines, value.path(), "$." + path);
  };
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const SweptValue& swept = axes[i].values[at[i]];
    set(axes[i].path, swept.value);
    for (const auto& [path, value] : swept.with) set(path, value);
  }
  (void)interpret(document, lines, calibrations);  // complaints are of what was written
  const MachineChoice choice = choose_machine(Config(document, lines));
  Json machine = {{"base", choice.machine.name}};
  machine.update(write_machine(choice.machine));
  document["machine"] = std::move(machine);
  if (Json constants = choice.constants; !constants.empty()) {
    if (document.contains("constants")) constants.update(document["constants"]);
    document["constants"] = std::move(constants);
  }
  return interpret(std::move(document), lines, calibrations);
}

/// The next point, the last axis fastest. False after the last.
bool advance(std::vector<std::size_t>& at, const std::vector<Axis>& axes) {
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (++at[i] < axes[i].values.size()) return true;
    at[i] = 0;
  }
  return false;
}

std::uint64_t seed_of(std::uint64_t experiment_seed, std::int64_t replication) {
  return RandomStream(experiment_seed, fmt::format("replication/{}", replication)).next();
}

const Axis& find_axis(const std::vector<Axis>& axes, const std::string& path, const Config& config) {
  const auto axis = std::ranges::find(axes, path, &Axis::path);
  if (axis != axes.end()) return *axis;
  std::vector<std::string> paths;
  for (const Axis& known : axes) paths.push_back(known.path);
  config.fail(fmt::format("\"{}\", which is not swept", path), one_of(paths), nearest(path, paths));
}

/// A point that member `key` of a compare block names.
void check_point(const std::vector<Axis>& axes, const Config& block, const char* key,
                 const std::vector<std::pair<std::string, std::string>>& point) {
  for (const auto& [path, label] : point) {
    const Config base = block.at(key).at(path);
    std::vector<std::string> labels;
    for (const SweptValue& value : find_axis(axes, path, base).values) labels.push_back(value.label);
    if (std::ranges::find(labels, label) == labels.end()) {
      base.fail(fmt::format("\"{}\", which is not among the swept values", label), one_of(labels),
                nearest(label, labels));
    }
  }
}

/// That "compare" names only what the sweep has, which otherwise came out after all the runs.
void check_compare(const ExperimentFile& file, const Config& root, const std::vector<Axis>& axes) {
  if (!root.has("compare")) return;
  const std::vector<CompareBlock> blocks = read_compare_blocks(file);
  const Config compare = root.at("compare");
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Config config = compare.json().is_array() ? compare.at(i) : compare;
    const std::string& cell = blocks[i].cell;
    for (std::size_t open = cell.find('{'); open != std::string::npos; open = cell.find('{', open + 1)) {
      const std::size_t close = cell.find('}', open);
      if (close == std::string::npos) config.at("cell").fail("\"{\" without \"}\"", "{path}");
      (void)find_axis(axes, cell.substr(open + 1, close - open - 1), config.at("cell"));
    }
    check_point(axes, config, "relative_to", blocks[i].relative_to);
    check_point(axes, config, "at", blocks[i].at);
  }
}

/// The first parts of the names of metrics that a run can have, each with the number of its instances.
void add_roots(const Experiment& experiment, std::map<std::string, std::int64_t>& roots) {
  for (const char* whole : {"throughput", "fairness", "host0"}) roots.emplace(whole, 0);
  for (const DomainTemplate& domain : experiment.domains) {
    if (domain.count > 0) roots[domain.name] = std::max(roots[domain.name], domain.count);
  }
  for (const ClientTemplate& client : experiment.clients) roots.emplace(client.name, 0);
}

std::vector<std::string> names_of(const std::map<std::string, std::int64_t>& roots) {
  std::vector<std::string> names;
  for (const auto& [name, instances] : roots) names.push_back(name);
  return names;
}

/// Can a name begin so, as far as can be told before the run? A part of the machine, an instance, a client or
/// what is of the whole.
bool can_begin(std::string_view asked, const std::map<std::string, std::int64_t>& roots) {
  const std::size_t slash = asked.find('/');
  if (slash == std::string_view::npos)
    return std::ranges::any_of(roots, [&](const auto& root) { return root.first.starts_with(asked); });
  const auto root = roots.find(std::string(asked.substr(0, slash)));
  if (root == roots.end()) return false;
  std::int64_t number = -1;
  (void)std::from_chars(asked.data() + slash + 1, asked.data() + asked.size(), number);
  return number < std::max<std::int64_t>(root->second, 1);
}

/// That each name of a list in "measure" can begin one of some run.
void check_names(const std::vector<Run>& runs, const std::shared_ptr<const ConfigSource>& source,
                 const std::string& list, std::string_view what,
                 std::vector<std::string> MeasurePlan::*names_in,
                 const std::map<std::string, std::int64_t>& roots) {
  for (const Run& run : runs) {
    const std::vector<std::string>& asked = run.experiment->measure.*names_in;
    if (run.replication != 0) continue;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (can_begin(asked[i], roots)) continue;
      const std::size_t slash = asked[i].find('/');
      std::string near = nearest(asked[i].substr(0, slash), names_of(roots));
      if (!near.empty() && slash != std::string::npos) near += asked[i].substr(slash);
      Config(*run.experiment->document, source)
          .at("measure")
          .at(list)
          .at(i)
          .fail(fmt::format("\"{}\", with which no {} begins", asked[i], what),
                "a name that begins with " + one_of(names_of(roots)), near == asked[i] ? "" : near);
    }
  }
}

/// That some run can have the metric whose precision is asked for, and keeps it.
void check_precision(const Precision& precision, const std::vector<Run>& runs,
                     const std::map<std::string, std::int64_t>& roots, const Config& root) {
  const Config metric = root.at("precision").at("metric");
  const std::size_t slash = precision.metric.find('/');
  const std::string first = precision.metric.substr(0, slash);
  const bool whole = first == "throughput" || first == "fairness";
  if (!roots.contains(first) || whole != (slash == std::string::npos)) {
    const std::vector<std::string> names = names_of(roots);
    std::string near = nearest(first, names);
    if (!near.empty() && slash != std::string::npos) near += precision.metric.substr(slash);
    metric.fail(fmt::format("\"{}\", which no run measures", precision.metric),
                "the full name of one; they begin with " + one_of(names), near);
  }
  for (const Run& run : runs) {
    const std::vector<std::string>& kept = run.experiment->measure.metrics;
    if (run.replication != 0 || wanted(kept, precision.metric)) continue;
    metric.fail(fmt::format("\"{}\", which measure.metrics leaves out", precision.metric),
                "a metric that is kept: one that begins with " + one_of(kept),
                nearest(precision.metric, kept));
  }
}

}  // namespace

std::optional<Precision> precision_of(const ExperimentFile& file) {
  const Config root(file.document, file.source);
  if (!file.document.is_object() || !root.has("precision")) return std::nullopt;
  const Config config = root.at("precision");
  const Precision precision = precision_table().read(config);
  for (const char* needed : {"metric", "half_width"}) (void)config.at(needed);
  if (precision.maximum < precision.minimum) {
    config.at(config.has("maximum") ? "maximum" : "minimum")
        .fail(fmt::format("a maximum of {}", precision.maximum),
              fmt::format("at least the minimum, {}", precision.minimum));
  }
  if (root.has("replications")) {
    root.at("replications")
        .fail("a number of replications beside \"precision\", which decides on it", "one of the two");
  }
  return precision;
}

std::vector<Run> expand(const ExperimentFile& file) {
  const Config root(file.document, file.source);
  const Head head = head_table().read(root, section_keys());
  const std::optional<Precision> precision = precision_of(file);
  const std::int64_t replications = precision ? precision->maximum : head.replications;
  const std::vector<Axis> axes = read_axes(root);
  check_compare(file, root, axes);

  Json single = file.document;
  for (const char* key : {"$schema", "sweep", "replications", "precision"}) single.erase(key);
  const Json schema = experiment_schema();
  std::vector<Run> runs;
  runs.reserve(count_runs(root, axes, replications));
  std::vector<std::size_t> at(axes.size());
  Calibrations calibrations;
  HostNeeds host_needs;
  do {
    Run run;
    run.experiment = std::make_shared<const Experiment>(
        experiment_at(single, schema, axes, at, file.source, calibrations));
    host_needs.check(*run.experiment, file.source);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      run.point.emplace_back(axes[i].path, axes[i].values[at[i]].label);
    }
    for (run.replication = 0; run.replication < replications; ++run.replication) {
      run.index = runs.size();
      run.seed = seed_of(head.seed, run.replication);
      runs.push_back(run);
    }
  } while (advance(at, axes));
  std::map<std::string, std::int64_t> roots;
  for (const Run& run : runs) {
    if (run.replication == 0) add_roots(*run.experiment, roots);
  }
  check_names(runs, file.source, "metrics", "metric", &MeasurePlan::metrics, roots);
  if (precision) check_precision(*precision, runs, roots, root);
  roots.erase("fairness");
  check_names(runs, file.source, "series", "series", &MeasurePlan::series, roots);
  return runs;
}

}  // namespace xensim
