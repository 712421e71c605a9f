/// dd: a big file written or read from beginning to end.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "workloads/dynamic_loader.hpp"
#include "workloads/instances.hpp"
#include "workloads/set_up.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic rate{
    "rate", "MB/s", summary,
    "bytes that dd moved, in millions, per second of its run; of several instances, the mean "
    "once all have begun"};
const Statistic moved{"moved", "bytes", counter, "bytes that dd has written or read, all instances together"};
const Statistic rounds{"rounds", "rounds", summary,
                       "times dd came to the end of its file, all instances together"};
const Statistic longest_call{"longest_call", "ms", summary, "longest write or read of dd"};

struct DdParameters {
  std::string mode = "write";
  std::string file = "/usr/tmp/dd.file";
  Bytes block{std::int64_t{64} << 10};
  std::int64_t count = 4096;
  std::int64_t rounds = 1;
  bool sync = false;
};
const auto parameters =
    ParameterTable<DdParameters>{}
        .add("mode", &DdParameters::mode, "what is done with the file; one that is read is on the disk only",
             "choice", {.choices = {"write", "read"}})
        .add("file", &DdParameters::file, "path; an instance with a number above 0 has .1 and so on after it",
             "choice")
        .add("block", &DdParameters::block, "of each call (bs)", "choice: 64 KB, as GNU cp of the time",
             {.minimum = Bytes{1}, .maximum = Bytes{std::int64_t{64} << 20}})
        .add("count", &DdParameters::count, "calls (count)", "choice: 256 MB of blocks of 64 KB",
             {.minimum = 1, .maximum = 1'000'000'000})
        .add("rounds", &DdParameters::rounds, "times it is started; 0: until the run ends",
             "Barham et al., SOSP 2003, section 4.4: dd hogs the disk as long as it lasts",
             {.minimum = 0, .maximum = 1'000'000})
        .add("sync", &DdParameters::sync, "each round ends with fsync", "choice");

class Dd final : public Workload {
 public:
  Dd(const DdParameters& p, const WorkloadContext& context) : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    Run& run = instances_.add(instance);
    std::vector<Program> all;
    all.push_back(small_program("/bin/dd", costs_, [this, instance, &run](Self self, const Place& place) {
      return copy(self, place, parameters_, run, instance);
    }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    instances_.report(sink, prefix, rate, [](const Run& run) -> std::optional<double> {
      if (run.last == run.first) return std::nullopt;
      return static_cast<double>(run.moved) * 1e-6 / (static_cast<double>(run.last - run.first) * 1e-12);
    });
    Run all;
    for (const Run& run : instances_.all()) {
      all.moved += run.moved;
      all.rounds += run.rounds;
      all.longest = std::max(all.longest, run.longest);
    }
    sink.value(prefix, moved, static_cast<double>(all.moved));
    sink.value(prefix, rounds, static_cast<double>(all.rounds));
    if (all.moved > 0) sink.value(prefix, longest_call, static_cast<double>(all.longest) * 1e-9);
  }

 private:
  /// One instance's.
  struct Run {
    std::int64_t moved = 0, rounds = 0;
    std::int64_t first = 0, last = 0, longest = 0;  ///< picoseconds
  };

  static Program copy(Self self, Place /*place*/, const DdParameters& p, Run& run, std::uint32_t instance) {
    const std::string path = instance == 0 ? p.file : fmt::format("{}.{}", p.file, instance);
    const bool writes = p.mode == "write";
    const auto size = static_cast<std::uint64_t>(p.block.count) * static_cast<std::uint64_t>(p.count);
    for (std::int64_t round = 0; p.rounds == 0 || round < p.rounds; ++round) {
      if (!writes) {
        co_await self.unlink(path);
        const Bytes needed{static_cast<std::int64_t>(size)};
        check_set_up(co_await self.place_file(path, size), "dd", instance, needed);
      }
      if (round == 0) run.first = run.last = co_await self.clock();
      const OpenMode mode{.create = writes, .truncate = writes};
      const std::int64_t file = co_await self.open(path, mode);
      for (std::int64_t i = 0; i < p.count; ++i) {
        const std::int64_t before = co_await self.clock();
        std::int64_t left = p.block.count;
        while (left > 0) {
          const auto piece = static_cast<std::size_t>(left);
          std::int64_t done = 0;
          if (writes) {
            done = co_await self.write(file, piece);
          } else {
            done = co_await self.read(file, piece);
          }
          if (done <= 0) break;
          left -= done;
          run.moved += done;
        }
        run.last = co_await self.clock();
        run.longest = std::max(run.longest, run.last - before);
        if (left > 0) break;  // the disk is full
      }
      if (p.sync) co_await self.fsync(file);
      co_await self.close(file);
      run.last = co_await self.clock();
      ++run.rounds;
    }
  }

  DdParameters parameters_;
  ProgramCosts costs_;
  Instances<Run> instances_;
};

const RegisterWorkload<Dd, DdParameters> registered{"dd", "writes or reads a big file sequentially",
                                                    parameters};

}  // namespace
}  // namespace xensim
