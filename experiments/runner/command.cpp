#include "experiments/runner/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/parameter_info.hpp"
#include "experiments/runner/command_names.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/explanation.hpp"
#include "experiments/runner/listing.hpp"
#include "experiments/runner/load_description.hpp"
#include "experiments/runner/overrides.hpp"
#include "experiments/runner/reproduction.hpp"
#include "experiments/runner/selection.hpp"
#include "experiments/runner/summary.hpp"
#include "experiments/runner/topology.hpp"
#include "experiments/runner/trace_plan.hpp"
#include "experiments/runner/worker_pool.hpp"
#include "results/compare_directories.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

/// What the options say, over all subcommands: only one of them runs.
struct Arguments {
  ReproduceOptions reproduce;
  RunnerOptions runner;
  std::string file, output, cache, other, kind, phases, device, merge = "0 s", clock = "1 GHz";
  std::vector<std::string> overrides;
  std::optional<std::string> seed, replications;  ///< as written: what reads the file checks them too
  bool json = false;
};

unsigned workers(const RunnerOptions& options) {
  return options.jobs > 0 ? options.jobs : available_processors();
}

void reproduce_command(Arguments& arguments) {
  arguments.reproduce.runner = arguments.runner;
  if (!arguments.cache.empty()) arguments.reproduce.runner.cache = arguments.cache;
  if (!arguments.output.empty()) arguments.reproduce.runner.output = arguments.output;
  reproduce(arguments.reproduce);
}

/// Where the trace is and what reads it.
std::string traced(const TraceRequest& trace) {
  const auto& formats = TraceFileRegistry::instance().entries();
  return fmt::format("trace in {}: {}\n", trace.file.string(), formats.at(trace.kind).help);
}

std::string trace_help() {
  std::string text =
      "KIND:FILE: write a trace; needs an experiment with a single run; may be repeated. Kinds";
  for (const auto& [name, format] : TraceFileRegistry::instance().entries()) {
    text += fmt::format("; {}: {}", name, format.help);
  }
  return text +
         "; pcap@INTERFACE:FILE traces an interface other than eth0, such as dom1/vif0; "
         "KIND@BEGIN..END:FILE, "
         "such as 'perfetto@2 s..2.5 s:FILE', a part of the run's time (warm-up included)";
}

/// The experiment with the changes of --set.
ExperimentFile read_changed(const Arguments& arguments) {
  ExperimentFile file = read_experiment_file(find_experiment(arguments.file));
  for (const std::string& assignment : arguments.overrides) apply_override(file, assignment);
  return file;
}

void print_remarks(const Demand& demand) {
  for (const std::string& remark : demand.remarks) fmt::print(stderr, "xensim: warning: {}\n", remark);
}

void run_experiment(Arguments& arguments) {
  for (const std::string& trace : arguments.runner.traces) (void)parse_trace_request(trace);
  ExperimentFile file = read_changed(arguments);
  for (const auto& [name, value] :
       {std::pair{"seed", arguments.seed}, std::pair{"replications", arguments.replications}}) {
    if (value) apply_override(file, name, *value, fmt::format("--{} {}", name, shortened(*value)));
  }
  const std::vector<Run> runs = select(file, expand(file), arguments.runner.only);
  settle_replications(file, arguments.runner.only);
  Demand demand = demand_of(runs);
  demand.at_most = precision_of(file).has_value();
  demand.trace = check_traces(arguments.runner.traces, runs);
  check_space(demand, free_space(arguments.runner.traces));
  check_memory(demand, workers(arguments.runner), installed_memory());
  fmt::print(stderr, "{}\n", describe(demand));
  print_remarks(demand);

  RunnerOptions options = arguments.runner;
  if (!arguments.cache.empty()) options.cache = arguments.cache;
  options.output = arguments.output.empty()
                       ? home_directory() / "results" / "output" / file.document["name"].get<std::string>()
                       : std::filesystem::path(arguments.output);
  const Finished finished = run_all(file, runs, options);
  std::cout << summary_table(finished.runs, finished.results, precision_of(file).has_value());
  if (options.explain) std::cout << explanation(finished.runs, finished.results, describe_point);
  for (const std::string& trace : options.traces) std::cout << traced(parse_trace_request(trace));
  std::cout << "results in " << options.output->string() << '\n';
  check_measured(finished.runs, finished.results);  // last: what there is has been written
}

void validate(const Arguments& arguments) {
  const ExperimentFile file = read_changed(arguments);
  Demand demand = demand_of(expand(file));
  demand.at_most = precision_of(file).has_value();
  std::cout << arguments.file << " is valid: " << describe(demand) << '\n';
  print_remarks(demand);
}

void list(const Arguments& arguments) {
  std::vector<std::string> kinds = list_kinds();
  if (!arguments.kind.empty()) {
    if (std::ranges::find(kinds, arguments.kind) == kinds.end()) {
      throw InputError({}, fmt::format("unknown kind \"{}\"", arguments.kind), one_of(kinds),
                       nearest(arguments.kind, kinds));
    }
    kinds = {arguments.kind};
  }
  Json all = Json::object();
  for (const std::string& kind : kinds) {
    if (arguments.json) {
      all[kind] = list_json(kind);
    } else {
      std::cout << (kind == kinds.front() ? "" : "\n") << list_text(kind);
    }
  }
  if (arguments.json) std::cout << all.dump(2) << '\n';
}

void print_topology(const Arguments& arguments) {
  const std::vector<Run> runs = expand(read_changed(arguments));
  std::cout << topology(*runs.front().experiment);
}

/// The value of an option that is written with a unit.
template <class T>
T quantity(const std::string& option, const std::string& text, T (*parse)(std::string_view)) {
  try {
    const T value = parse(text);
    if (value >= T{}) return value;
  } catch (const std::invalid_argument& error) {
    throw InputError({.file = option}, fmt::format("found \"{}\"", shortened(text)), error.what());
  }
  throw InputError({.file = option}, fmt::format("found \"{}\"", shortened(text)),
                   "one that is not negative");
}

void describe_load_file(const Arguments& arguments) {
  LoadOptions options{.merge = quantity("--merge", arguments.merge, parse_time),
                      .clock = quantity("--clock", arguments.clock, parse_frequency),
                      .device = arguments.device};
  if (options.clock.kilohertz == 0) throw InputError({.file = "--clock"}, "found 0", "at least 1 kHz");
  if (!arguments.phases.empty()) options.phases = arguments.phases;
  std::cout << describe_load(arguments.file, options);
  if (options.phases) std::cout << "phases in " << arguments.phases << '\n';
}

/// Whether two results directories hold the same.
bool compare(const Arguments& arguments) {
  bool equal = false;
  std::cout << compare_results(arguments.file, arguments.other, equal);
  return equal;
}

CLI::Validator not_empty(const std::string& expected) {
  return {[expected](const std::string& value) {
            return value.empty() ? fmt::format("found \"\"; expected {}", expected) : std::string{};
          },
          ""};
}

void add_runner_options(CLI::App& command, Arguments& arguments) {
  command.add_option("--jobs", arguments.runner.jobs, "Worker processes (default: one per processor)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--output", arguments.output, "Directory for results (default: results/output/NAME)")
      ->check(not_empty("a directory"));
  command.add_flag("--resume", arguments.runner.resume,
                   "Skip runs that an earlier call with the same configuration has finished in --output");
  command
      .add_option(
          "--cache", arguments.cache,
          "Directory of finished runs, shared by all experiments: a run that is there is not repeated, "
          "a new one is added. Results are the same with or without it")
      ->check(not_empty("a directory"));
  command.add_flag("--quiet", arguments.runner.quiet, "Do not show progress");
  command.add_flag(
      "--explain", arguments.runner.explain,
      "Print what each operation of a benchmark did: faults, page-table entries, context switches, TLB "
      "walks and more. Times exclude the benchmark's own overhead, counts include it");
}

void add_experiment_options(CLI::App& command, Arguments& arguments) {
  command.add_option("FILE", arguments.file, "Experiment file, or a name from experiments/")->required();
  command.add_option("--set", arguments.overrides, "path=value: change the experiment; may be repeated")
      ->allow_extra_args(false);
}

void declare_reproduce(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      app.add_subcommand("reproduce", "Run the paper's experiments and compare with its results");
  command->add_option("NAME", arguments.reproduce.names, "Experiments (default: all)");
  command
      ->add_option("--platform", arguments.reproduce.platforms,
                   "Only these platforms of those that the experiment sweeps over, by label, such as L,X")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_runner_options(*command, arguments);
  command->add_option("--json", arguments.reproduce.json, "Write the comparison to this file")
      ->check(not_empty("a file"));
  command->footer(
      "Examples:\n  xensim reproduce figure6\n  xensim reproduce figure3 --platform L,X\n  xensim reproduce "
      "--jobs 8 --json comparison.json");
  command->callback([&] { reproduce_command(arguments); });
}

void declare_run(CLI::App& app, Arguments& arguments) {
  CLI::App* command = app.add_subcommand("run", "Run an experiment file");
  add_experiment_options(*command, arguments);
  command->add_option("--seed", arguments.seed, "Seed of all random numbers")->type_name("UINT");
  command
      ->add_option("--replications", arguments.replications,
                   "Runs of each sweep point, whatever replications or precision the file asks for")
      ->type_name("UINT");
  add_runner_options(*command, arguments);
  command
      ->add_option(
          "--only", arguments.runner.only,
          "PATH=LABEL, replication=N or cell=ID: of all runs only those with this value, as columns of "
          "metrics.csv and cells.csv have them, with the same random numbers; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--trace", arguments.runner.traces, trace_help())->allow_extra_args(false);
  command->add_flag("--audit", arguments.runner.audit,
                    "Check the invariants of every component after each scheduling pass. With memory and "
                    "devices in use this is a hundred times slower or more: simulate tenths of a second. "
                    "--resume then reuses only audited runs");
  command->footer(
      "Examples:\n  xensim run experiments/weights.json\n"
      "  xensim run weights --set domains[0].weight=30 --set 'measure.duration=5 s'\n"
      "  xensim run figure6 --replications 1 --output here --resume\n"
      "  xensim run figure6 --only cell=figure6/xen_5ms/8 --only replication=3 --only "
      "domains[0].workload.programs=gzip-vpr-gcc --trace perfetto:trace.json");
  command->callback([&] { run_experiment(arguments); });
}

/// Those that simulate nothing. `failed`: what was compared differs.
void declare_others(CLI::App& app, Arguments& arguments, bool& failed) {
  CLI::App* command = app.add_subcommand("validate", "Check an experiment file without running it");
  add_experiment_options(*command, arguments);
  command->footer("Example:\n  xensim validate my-experiment.json");
  command->callback([&] { validate(arguments); });

  command = app.add_subcommand("list", "List schedulers, workloads and other choices, with their parameters");
  command->add_option("KIND", arguments.kind, one_of(list_kinds()) + " (default: all)");
  command->add_flag("--json", arguments.json, "As JSON");
  command->footer("Example:\n  xensim list schedulers");
  command->callback([&] { list(arguments); });

  command = app.add_subcommand(
      "topology", "Print the machine of an experiment, of the first point of a sweep, as a Graphviz graph");
  add_experiment_options(*command, arguments);
  command->footer("Example:\n  xensim topology figure6 | dot -Tsvg > machine.svg");
  command->callback([&] { print_topology(arguments); });

  command = app.add_subcommand("load", "Describe a recorded or described load");
  command
      ->add_option("FILE", arguments.file,
                   "Tasks of rt-app, phases in CSV, xentrace's binary, pcap or pcapng, an iolog of fio, what "
                   "blktrace or "
                   "blkparse writes, or a run's trace of disks")
      ->required();
  command
      ->add_option("--phases", arguments.phases,
                   "Write what each virtual processor of an xentrace file wanted to this file, for the "
                   "workload phases")
      ->check(not_empty("a file"));
  command->add_option("--merge", arguments.merge,
                      "Of an xentrace file: shorter spells of running are part of a block (default: 0 s)");
  command->add_option("--clock", arguments.clock, "Of the time stamps of an xentrace file (default: 1 GHz)");
  command->add_option("--device", arguments.device,
                      "Of a disk's load: only this device's requests, as in replay_disk");
  command->footer(
      "Examples:\n  xensim load experiments/loads/server_and_batch.json\n"
      "  xensim load host.xentrace --clock '2.4 GHz' --merge '100 us' --phases host.csv");
  command->callback([&] { describe_load_file(arguments); });

  command = app.add_subcommand("compare", "Compare two results directories; exit code 1 if they differ");
  command->add_option("A", arguments.file, "Results directory")->required();
  command->add_option("B", arguments.other, "Results directory")->required();
  command->footer("Example:\n  xensim compare results/output/before results/output/after");
  command->callback([&] { failed = !compare(arguments); });

  command = app.add_subcommand("schema", "Print the JSON Schema of experiment files");
  command->footer("Example:\n  xensim schema > experiments/experiment.schema.json");
  command->callback([] { std::cout << experiment_schema().dump(2) << '\n'; });
}

int complain(std::string_view message, ExitCode code) {
  std::cout.flush();
  fmt::print(stderr, "xensim: error: {}\n", message);
  return static_cast<int>(code);
}

int parse_and_do(int argc, const char* const* argv) {
  CLI::App app{"Simulates a server under a virtualization platform, for research on performance isolation."};
  app.name("xensim");
  app.set_version_flag("--version", std::string("xensim ") + XENSIM_VERSION);
  app.footer(
      "Examples:\n  xensim reproduce figure6       compare a simulated figure with the paper's\n"
      "  xensim run weights             run an experiment file\n"
      "  xensim list schedulers         show the schedulers and their parameters\n\n"
      "Exit codes: 0 success, 1 the simulation found a failure, 2 bad usage or bad input, 130 interrupted");
  Arguments arguments;
  bool failed = false;
  declare_reproduce(app, arguments);
  declare_run(app, arguments);
  declare_others(app, arguments, failed);
  if (argc < 2) {
    std::cerr << app.help();
    return static_cast<int>(ExitCode::bad_input);
  }
  check_names(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {  // --help, --version
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    const std::string command = argv[1][0] == '-' ? "" : argv[1] + std::string(" ");
    return complain(fmt::format("{}; see xensim {}--help", error.what(), command), ExitCode::bad_input);
  }
  std::cout.flush();
  std::fflush(stdout);
  // What was lost in between has left its mark on the stream below.
  if (!std::cout || std::ferror(stdout) != 0)
    return complain("the output could not be written", ExitCode::bad_input);
  return static_cast<int>(failed ? ExitCode::simulation_failed : ExitCode::done);
}

}  // namespace

int run_command(int argc, const char* const* argv) {
  constexpr int interrupted = 130;
  try {
    return parse_and_do(argc, argv);
  } catch (const Interrupted& interruption) {
    std::cout.flush();
    fmt::print(stderr, "xensim: {}\n", interruption.what());
    return interrupted;
  } catch (const InputError& error) {
    return complain(error.what(), ExitCode::bad_input);
  } catch (const SimulationError& error) {
    return complain(error.what(), ExitCode::simulation_failed);
  } catch (const std::bad_alloc&) {
    return complain("this needs more memory than there is", ExitCode::bad_input);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.what(), ExitCode::bad_input);
  } catch (const std::exception& error) {
    return complain(fmt::format("internal error: {}", error.what()), ExitCode::simulation_failed);
  }
}

}  // namespace xensim
