/// dd: a big file written or read from beginning to end.
#include <algorithm>

#include "workloads/dynamic_loader.hpp"
#include "workloads/set_up.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic rate{"rate", "MB/s", summary, "bytes that dd moved, in millions, per second of its run"};
const Statistic moved{"moved", "bytes", counter, "bytes that dd has written or read"};
const Statistic rounds{"rounds", "rounds", summary, "times dd came to the end of its file"};
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
        .add("file", &DdParameters::file, "path", "choice")
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
    std::vector<Program> all;
    all.push_back(small_program("/bin/dd", costs_, [this, instance](Self self, const Place& place) {
      return copy(self, place, *this, instance);
    }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    const double seconds = static_cast<double>(last_ - first_) * 1e-12;
    if (seconds > 0) sink.value(prefix, rate, static_cast<double>(moved_) * 1e-6 / seconds);
    sink.value(prefix, moved, static_cast<double>(moved_));
    sink.value(prefix, rounds, static_cast<double>(rounds_));
    sink.value(prefix, longest_call, static_cast<double>(longest_) * 1e-9);
  }

 private:
  static Program copy(Self self, Place /*place*/, Dd& dd, std::uint32_t instance) {
    const DdParameters& p = dd.parameters_;
    const bool writes = p.mode == "write";
    const auto size = static_cast<std::uint64_t>(p.block.count) * static_cast<std::uint64_t>(p.count);
    for (std::int64_t round = 0; p.rounds == 0 || round < p.rounds; ++round) {
      if (!writes) {
        co_await self.unlink(p.file);
        const Bytes needed{static_cast<std::int64_t>(size)};
        check_set_up(co_await self.place_file(p.file, size), "dd", instance, needed);
      }
      if (round == 0) dd.first_ = dd.last_ = co_await self.clock();
      const OpenMode mode{.create = writes, .truncate = writes};
      const std::int64_t file = co_await self.open(p.file, mode);
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
          dd.moved_ += done;
        }
        dd.last_ = co_await self.clock();
        dd.longest_ = std::max(dd.longest_, dd.last_ - before);
        if (left > 0) break;  // the disk is full
      }
      if (p.sync) co_await self.fsync(file);
      co_await self.close(file);
      dd.last_ = co_await self.clock();
      ++dd.rounds_;
    }
  }

  DdParameters parameters_;
  ProgramCosts costs_;
  std::int64_t moved_ = 0, rounds_ = 0;
  std::int64_t first_ = 0, last_ = 0, longest_ = 0;  ///< picoseconds
};

const RegisterWorkload<Dd, DdParameters> registered{"dd", "writes or reads a big file sequentially",
                                                    parameters};

}  // namespace
}  // namespace xensim
