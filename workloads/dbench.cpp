/// dbench: clients of a file server, on the file system alone.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "workloads/dbench_load_file.hpp"
#include "workloads/dbench_mix.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
using Kind = DbenchOperation::Kind;

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
  std::string file = "/usr/share/dbench/client.txt";
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
        .add("file", &DbenchParameters::file, "load file", "Debian package dbench")
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

/// What the clients have done.
struct DbenchResults {
  struct Latency {
    std::uint64_t count = 0;
    std::int64_t sum = 0, longest = 0;  ///< picoseconds
  };
  std::array<Latency, DbenchOperation::kinds> latencies{};
  std::uint64_t read = 0, written = 0, operations = 0, unexpected = 0, passes = 0;
  std::optional<std::int64_t> begin{};
  std::int64_t end = 0;

  void took(Kind kind, std::int64_t from, std::int64_t until) {
    Latency& latency = latencies[static_cast<std::size_t>(kind)];
    ++latency.count;
    ++operations;
    latency.sum += until - from;
    latency.longest = std::max(latency.longest, until - from);
    begin = std::min(begin.value_or(from), from);
    end = std::max(end, until);
  }
};

/// What a client of dbench spends in user mode.
struct DbenchCosts {
  explicit DbenchCosts(const WorkloadContext& context)
      : clock(context.shape.clock),
        line{std::llround(context.calibration.value("workload_intensities.dbench_line"))},
        entry{std::llround(context.calibration.value("programs.name_compared"))},
        data(WorkingSet::constant(data_lines, context.costs.miss_price, data_pages)) {}
  [[nodiscard]] Time read_line() { return clock.convert(line); }
  [[nodiscard]] Time compare(std::size_t names) {
    return clock.convert(entry * static_cast<std::int64_t>(names));
  }

  /// The line, the table of open files, buffers of the C library.
  static constexpr std::uint32_t data_lines = 128, data_pages = 6;
  CycleClock clock;
  Cycles line, entry;
  WorkingSet data;
};

bool equal_in_any_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(one, other, [&](char a, char b) { return lower(a) == lower(b); });
}

class Dbench final : public Workload {
 public:
  Dbench(const DbenchParameters& p, const WorkloadContext& context)
      : parameters_(p),
        mix_(p.version == "4" ? nullptr : &dbench_mix(p.version)),
        load_(mix_ == nullptr ? DbenchLoadFile::read(p.file, static_cast<std::uint64_t>(p.lines))
                              : load_of(*mix_, p.kept)),
        program_costs_(context.calibration),
        costs_(context),
        line_(costs_.read_line()) {
    if (mix_ == nullptr) return;
    line_ = line_ * mix_->lines / static_cast<std::int64_t>(load_.operations().size());
  }

  [[nodiscard]] WorkloadNeeds needs() const override {
    return {.files = parameters_.version == "4" ? std::vector{parameters_.file} : std::vector<std::string>{}};
  }
  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/dbench", program_costs_,
                                [this](Self self, const Place& place) { return fork(self, place, *this); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override;

 private:
  static Program fork(Self self, Place /*place*/, Dbench& dbench) {
    for (std::uint32_t i = 0; i < dbench.parameters_.clients; ++i) {
      const Self::Body child = [&dbench, i](Self born) { return client(born, dbench, i); };
      co_await self.fork(child);
    }
    while (co_await self.wait() >= 0) {
    }
  }
  static Program client(Self self, Dbench& dbench, std::uint32_t number);

  DbenchParameters parameters_;
  const DbenchMix* mix_;  ///< of a version whose load file is not here
  DbenchLoadFile load_;
  ProgramCosts program_costs_;
  DbenchCosts costs_;
  Time line_;  ///< read and understood, for each operation that is executed
  DbenchResults results_;
};

/// What a client has open.
struct OpenFile {
  std::int64_t descriptor = -1;
  std::string path{};
};

Program Dbench::client(Self self, Dbench& dbench, std::uint32_t number) {
  DbenchResults& results = dbench.results_;
  const std::vector<std::string> paths = dbench.load_.paths(number);
  const bool searches = dbench.mix_ == nullptr, looks = dbench.parameters_.version != "1.x", seeks = !looks;
  std::map<std::uint32_t, OpenFile> files;
  std::vector<std::string> entries, trees;
  for (std::int64_t pass = 0; dbench.parameters_.passes == 0 || pass < dbench.parameters_.passes; ++pass) {
    for (const DbenchOperation& operation : dbench.load_.operations()) {
      const std::int64_t began = co_await self.clock();
      co_yield Compute{dbench.line_, &dbench.costs_.data};

      // The names it uses: as they stand, or else, in version 4, in any case.
      const bool names = operation.kind == Kind::create || operation.kind == Kind::unlink ||
                         operation.kind == Kind::rename || operation.kind == Kind::query_path ||
                         operation.kind == Kind::find || operation.kind == Kind::make_directory ||
                         operation.kind == Kind::remove_directory || operation.kind == Kind::delete_tree;
      const int name_count = operation.kind == Kind::rename ? 2 : names ? 1 : 0;
      std::string name[2];
      bool exists[2] = {false, false};
      for (int i = 0; i < name_count; ++i) {
        name[i] = paths[i == 0 ? operation.path : operation.other];
        exists[i] = true;
        if (!searches || co_await self.stat(name[i]) >= 0) continue;
        exists[i] = false;
        const std::size_t slash = name[i].rfind('/');
        const std::string directory = slash > 0 ? name[i].substr(0, slash) : "/";
        const std::int64_t opened = co_await self.open(directory);
        if (opened < 0) continue;
        entries.clear();
        while (co_await self.getdents(opened, &entries) > 0) {
        }
        co_await self.close(opened);
        const std::string_view last = std::string_view(name[i]).substr(slash + 1);
        const auto found =
            std::ranges::find_if(entries, [&](const std::string& e) { return equal_in_any_case(e, last); });
        const auto looked_at = static_cast<std::size_t>(found - entries.begin());
        if (looked_at > 0) co_yield Compute{dbench.costs_.compare(looked_at), &dbench.costs_.data};
        if (found == entries.end()) continue;
        name[i] = name[i].substr(0, slash + 1) + *found;
        exists[i] = true;
      }

      const auto open_file = files.find(operation.handle);
      const std::int64_t descriptor = open_file == files.end() ? -1 : open_file->second.descriptor;
      std::int64_t result = 0;
      switch (operation.kind) {
        case Kind::create: {
          constexpr std::uint32_t is_directory = 0x1, create = 2, truncate = 5, truncate_existing = 4;
          const bool creates = operation.disposition == create || operation.disposition == truncate;
          if ((operation.options & is_directory) != 0) {
            if (creates && !exists[0]) co_await self.mkdir(name[0]);
            result = co_await self.open(name[0]);
          } else if (exists[0] || creates) {
            const bool truncates =
                operation.disposition == truncate || operation.disposition == truncate_existing;
            const OpenMode mode{.create = creates, .truncate = truncates};
            result = co_await self.open(name[0], mode);
          } else {
            result = -1;
          }
          if (result < 0) break;
          if (looks) co_await self.fstat(result);
          if (operation.succeeds) {
            files[operation.handle] = {result, name[0]};
          } else {
            co_await self.close(result);
          }
          break;
        }
        case Kind::close:
          result = co_await self.close(descriptor);
          if (open_file != files.end()) files.erase(open_file);
          break;
        case Kind::read:
        case Kind::write: {
          const bool writes = operation.kind == Kind::write;
          std::uint64_t done = 0;
          while (done < operation.bytes) {
            const std::uint64_t at = operation.offset + done;
            if (seeks) {
              co_await self.lseek(descriptor, static_cast<std::int64_t>(at));
              result = writes ? co_await self.write(descriptor, operation.bytes - done)
                              : co_await self.read(descriptor, operation.bytes - done);
            } else if (writes) {
              result = co_await self.pwrite(descriptor, operation.bytes - done, at);
            } else {
              result = co_await self.pread(descriptor, operation.bytes - done, at);
            }
            if (result <= 0) break;
            done += static_cast<std::uint64_t>(result);
          }
          (writes ? results.written : results.read) += done;
          result = done == operation.moved ? 0 : -1;
          break;
        }
        case Kind::flush:
          if (dbench.parameters_.flush) result = co_await self.fsync(descriptor);
          break;
        case Kind::unlink:
          result = -1;
          if (exists[0]) result = co_await self.unlink(name[0]);
          break;
        case Kind::rename:
          result = -1;
          if (exists[0]) result = co_await self.rename(name[0], name[1]);
          break;
        case Kind::make_directory:
          co_await self.mkdir(name[0]);
          break;
        case Kind::remove_directory:
          result = co_await self.rmdir(name[0]);
          break;
        case Kind::delete_tree:
          trees.assign(1, name[0]);
          while (!trees.empty()) {
            const std::string directory = trees.back();
            trees.pop_back();
            const std::int64_t opened = co_await self.open(directory);
            if (opened < 0) continue;
            entries.clear();
            while (co_await self.getdents(opened, &entries) > 0) {
            }
            co_await self.close(opened);
            for (const std::string& entry : entries) {
              if (entry == "." || entry == "..") continue;
              const std::string path = directory + "/" + entry;
              if (co_await self.unlink(path) < 0) trees.push_back(path);  // a directory
            }
          }
          break;
        case Kind::query_path:
          result = exists[0] ? 0 : -1;
          if (!searches) result = co_await self.stat(name[0]);
          break;
        case Kind::query_file:
          result = co_await self.fstat(descriptor);
          break;
        case Kind::query_file_system:
          result = co_await self.statfs("/clients");
          break;
        case Kind::set_file:
          result = co_await self.fstat(descriptor);
          if (open_file != files.end()) result = co_await self.utime(open_file->second.path);
          break;
        case Kind::find: {
          const std::string directory = name[0].substr(0, name[0].rfind('/'));
          const std::int64_t opened = co_await self.open(directory);
          if (opened >= 0) {
            entries.clear();
            while (co_await self.getdents(opened, &entries) > 0) {
            }
            co_await self.close(opened);
            co_yield Compute{dbench.costs_.compare(entries.size()), &dbench.costs_.data};
          }
          result = operation.succeeds ? 0 : -1;  // dbench does not look
          break;
        }
        case Kind::lock:
          result = co_await self.lock(descriptor, operation.offset, operation.bytes);
          break;
        case Kind::unlock:
          result = co_await self.unlock(descriptor, operation.offset, operation.bytes);
          break;
        case Kind::count_:
          break;
      }
      if ((result >= 0) != operation.succeeds) ++results.unexpected;
      const std::int64_t ended = co_await self.clock();
      results.took(operation.kind, began, ended);
    }
    ++results.passes;
  }
}

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
