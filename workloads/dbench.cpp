/// dbench: clients of a file server, on the file system alone.
#include "core/input_file.hpp"
#include "workloads/dbench_client.hpp"
#include "workloads/dbench_mix.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;

const Statistic throughput{"dbench_rate", "MB/s", summary,
                           "bytes that dbench's clients read and wrote, in millions, per second"};
const Statistic operations{"operations", "operations", summary, "lines of the load file that were executed"};
const Statistic passes{"passes", "passes", summary, "times a client has come to the end of the load file"};
const Statistic bytes_read{"read", "bytes", summary, "bytes that dbench's clients read"};
const Statistic bytes_written{"written", "bytes", summary, "bytes that dbench's clients wrote"};
const Statistic unexpected{"unexpected", "operations", summary,
                           "operations that failed, or moved other than the load file says"};
const Statistic elapsed{"elapsed", "s", summary, "from the first operation of dbench to the last"};
const Statistic latency_mean{"latency/mean", "ms", summary, "of an operation of dbench, by its name"};
const Statistic latency_maximum{"latency/maximum", "ms", summary, "of an operation of dbench, by its name"};
const Statistic executed{"executed", "operations", summary, "operations of dbench, by their name"};

const Statistic score{
    "score", "MB/s", summary,
    "what dbench reports: the rate, or for version 1.x 132 million bytes a pass over the time"};

struct DbenchParameters {
  std::string version = "4";
  InputFile file{"/usr/share/dbench/client.txt"};
  std::int64_t clients = 1;
  std::int64_t passes = 1;
  std::int64_t lines = 0;
  bool flush = true;
  double kept = 0.65;
};
const auto parameters =
    ParameterTable<DbenchParameters>{}
        .add("version", &DbenchParameters::version,
             "4: the load file; 1.x or 2.x: operations with the counts of that version's file, whose clients "
             "make fewer calls for each",
             "choice: which one the paper used is not known", {.choices = {"4", "1.x", "2.x"}})
        .add("file", &DbenchParameters::file, "load file; relative to the experiment file",
             "Debian package dbench")
        .add("clients", &DbenchParameters::clients, "processes that execute it",
             "Barham et al., SOSP 2003, section 4.1: one", {.minimum = 1, .maximum = 1000})
        .add("passes", &DbenchParameters::passes, "through the file by each client; 0: until the run ends",
             "choice", {.minimum = 0, .maximum = 1'000'000})
        .add("lines", &DbenchParameters::lines, "of the file that are executed, from its beginning; 0: all",
             "choice", {.minimum = 0, .maximum = 1'000'000'000})
        .add("flush", &DbenchParameters::flush, "a Flush is an fsync; otherwise it does nothing",
             "dbench 4: an fsync")
        .add("kept", &DbenchParameters::kept,
             "part of the files that versions 1.x and 2.x read and never delete; the others they delete",
             "dbench 4's load file, whose 106 written files of 24.2 MB are as many as version 2.x's: 69 of "
             "them, "
             "with half of the opens, 57 % of the bytes written and 97 % of those read",
             {.minimum = 0.1, .maximum = most_kept});

class Dbench final : public Workload {
 public:
  Dbench(const DbenchParameters& p, const WorkloadContext& context)
      : parameters_(p),
        mix_(p.version == "4" ? nullptr : &dbench_mix(p.version)),
        load_(mix_ == nullptr ? DbenchLoadFile::read(p.file.path, static_cast<std::uint64_t>(p.lines))
                              : load_of(*mix_, p.kept)),
        program_costs_(context.calibration),
        costs_(context),
        line_(costs_.read_line()) {
    if (mix_ == nullptr) return;
    line_ = line_ * mix_->lines / static_cast<std::int64_t>(load_.operations().size());
  }

  [[nodiscard]] WorkloadNeeds needs() const override {
    return {.files =
                parameters_.version == "4" ? std::vector{parameters_.file.path} : std::vector<std::string>{}};
  }
  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program(
        "/bin/dbench", program_costs_,
        [this, instance](Self self, const Place& place) { return fork(self, place, *this, instance); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override;

 private:
  /// All clients have directories of their own, those of other instances of the same kernel too.
  static Program fork(Self self, Place /*place*/, Dbench& dbench, std::uint32_t instance) {
    const auto clients = static_cast<std::uint32_t>(dbench.parameters_.clients);
    for (std::uint32_t i = instance * clients; i < (instance + 1) * clients; ++i) {
      const Self::Body child = [&dbench, i](Self born) {
        return run_dbench_client(born, dbench.load_, i, dbench.parameters_.passes, dbench.manners(),
                                 dbench.line_, dbench.costs_, dbench.results_);
      };
      co_await self.fork(child);
    }
    while (co_await self.wait() >= 0) {
    }
  }
  [[nodiscard]] DbenchManners manners() const {
    const bool looks = parameters_.version != "1.x";
    return {.searches = mix_ == nullptr, .looks = looks, .seeks = !looks, .flushes = parameters_.flush};
  }

  DbenchParameters parameters_;
  const DbenchMix* mix_;  ///< of a version whose load file is not here
  DbenchLoadFile load_;
  ProgramCosts program_costs_;
  DbenchCosts costs_;
  Time line_;  ///< read and understood, for each operation that is executed
  DbenchResults results_;
};

void Dbench::report(StatisticSink& sink, const std::string& prefix) const {
  if (!results_.begin) return;
  const double seconds = static_cast<double>(results_.end - *results_.begin) * 1e-12;
  const auto value = [&](const Statistic& statistic, auto number) {
    sink.value(prefix, statistic, static_cast<double>(number));
  };
  const double moved = static_cast<double>(results_.read + results_.written) * 1e-6;
  const bool fixed = mix_ != nullptr && mix_->score_megabytes > 0;
  value(score, (fixed ? mix_->score_megabytes * static_cast<double>(results_.passes) : moved) / seconds);
  value(throughput, moved / seconds);
  value(elapsed, seconds);
  value(operations, results_.operations);
  value(passes, results_.passes);
  value(bytes_read, results_.read);
  value(bytes_written, results_.written);
  value(unexpected, results_.unexpected);
  for (std::size_t i = 0; i < DbenchOperation::kinds; ++i) {
    const DbenchResults::Latency& latency = results_.latencies[i];
    if (latency.count == 0) continue;
    const std::string path = prefix + std::string(dbench_names[i].reported) + '/';
    const double mean = static_cast<double>(latency.sum) * 1e-9 / static_cast<double>(latency.count);
    sink.value(path, executed, static_cast<double>(latency.count));
    sink.value(path, latency_mean, mean);
    sink.value(path, latency_maximum, static_cast<double>(latency.longest) * 1e-9);
  }
}

const RegisterWorkload<Dbench, DbenchParameters> registered{"dbench", "replays a load file of dbench",
                                                            parameters};

}  // namespace
}  // namespace xensim
