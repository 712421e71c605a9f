/// Processes that read or write a raw disk without pause: what a disk can do, and who gets how much of it.
#include <algorithm>
#include <vector>

#include "core/histogram.hpp"
#include "models/guest/memory/area.hpp"
#include "models/io/block_io.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic request_rate{"requests", "1/s", summary, "transfers of all instances together"};
const Statistic byte_rate{"rate", "MB/s", summary, "bytes transferred by all instances together"};
const Statistic least_rate{"rate/minimum", "MB/s", summary, "bytes transferred by the slowest instance"};
const Statistic most_rate{"rate/maximum", "MB/s", summary, "bytes transferred by the fastest instance"};
const Statistic latency_mean{"latency/mean", "ms", summary, "time of a transfer, as its process sees it"};
const Statistic latency_p50{"latency/p50", "ms", summary, "half of the transfers took less"};
const Statistic latency_p99{"latency/p99", "ms", summary, "99 % of the transfers took less"};
const Statistic latency_maximum{"latency/maximum", "ms", summary, "longest transfer"};
const Statistic errors{"errors", "transfers", summary, "transfers that the disk could not make"};
const Statistic samples{"samples", "transfers", summary, "transfers made"};

struct DiskLoadParameters {
  std::string pattern = "random";
  Bytes request{4096};
  std::int64_t processes = 1;
  bool write = false;
  std::int64_t disk = 0;
  double begin = 0, end = 1;
};
const auto parameters =
    ParameterTable<DiskLoadParameters>{}
        .add("pattern", &DiskLoadParameters::pattern,
             "of sectors; sequential: each process from a place of its own", "choice",
             {.choices = {"random", "sequential"}})
        .add("request", &DiskLoadParameters::request, "bytes of a transfer", "choice",
             {.minimum = Bytes{sector_bytes}, .maximum = Bytes{Self::longest_transfer}})
        .add("processes", &DiskLoadParameters::processes, "each has one transfer under way", "choice",
             {.minimum = 1, .maximum = 128})
        .add("write", &DiskLoadParameters::write, "write, not read", "choice")
        .add("disk", &DiskLoadParameters::disk, "number of the disk", "choice", {.minimum = 0, .maximum = 15})
        .add("begin", &DiskLoadParameters::begin, "of the part that is used: fraction of the disk", "choice",
             {.minimum = 0, .maximum = 1})
        .add("end", &DiskLoadParameters::end, "of the part that is used: fraction of the disk", "choice",
             {.minimum = 0, .maximum = 1});

class DiskLoad final : public Workload {
 public:
  DiskLoad(const DiskLoadParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    if (instance >= bytes_.size()) bytes_.resize(instance + 1);
    std::vector<Program> all;
    for (std::int64_t i = 0; i < parameters_.processes; ++i) {
      const Process process{.instance = instance, .number = i, .seed = random.next()};
      all.push_back(small_program("/bin/disk_load", costs_, [this, process](Self self, const Place&) {
        return run(self, *this, process);
      }));
    }
    return all;
  }

  void report(StatisticSink& sink, const std::string& prefix) const override {
    if (latencies_.count() > 0) report_transfers(sink, prefix);
    sink.value(prefix, errors, static_cast<double>(errors_));
    sink.value(prefix, samples, static_cast<double>(latencies_.count()));
  }

 private:
  void report_transfers(StatisticSink& sink, const std::string& prefix) const {
    const double seconds = std::max(1e-9, static_cast<double>(last_ - first_) * 1e-12);
    const auto rate = [&](std::int64_t bytes) { return static_cast<double>(bytes) * 1e-6 / seconds; };
    std::int64_t all = 0;
    for (const std::int64_t bytes : bytes_) all += bytes;
    const auto [least, most] = std::minmax_element(bytes_.begin(), bytes_.end());
    const auto count = static_cast<double>(latencies_.count());
    const auto quantile = [&](double q) { return static_cast<double>(latencies_.quantile(q)) * 1e-6; };
    sink.value(prefix, request_rate, count / seconds);
    sink.value(prefix, byte_rate, rate(all));
    sink.value(prefix, least_rate, rate(*least));
    sink.value(prefix, most_rate, rate(*most));
    sink.value(prefix, latency_mean, latency_sum_ / count);
    sink.value(prefix, latency_p50, quantile(0.5));
    sink.value(prefix, latency_p99, quantile(0.99));
    sink.value(prefix, latency_maximum, static_cast<double>(latencies_.maximum()) * 1e-6);
  }

  struct Process {
    std::uint32_t instance = 0;
    std::int64_t number = 0;
    std::uint64_t seed = 0;
  };

  static Program run(Self self, DiskLoad& load, Process process) {
    const DiskLoadParameters& p = load.parameters_;
    const std::int64_t size = co_await self.disk_size(static_cast<unsigned>(p.disk));
    const auto bytes = static_cast<std::uint32_t>(p.request.count / sector_bytes * sector_bytes);
    const std::int64_t sectors = bytes / sector_bytes;
    const auto place = [&](double fraction) {
      return static_cast<std::int64_t>(fraction * static_cast<double>(std::max<std::int64_t>(size, 0)));
    };
    const std::int64_t first = place(p.begin);
    const std::int64_t slots = (place(p.end) - first) / sectors;  // of the size of a request
    if (slots <= 0) co_return;
    const Self::MapRequest memory{.length = Self::longest_transfer,
                                  .flags = AreaFlags::read | AreaFlags::write};
    const Address buffer{static_cast<std::uint32_t>(co_await self.mmap(memory))};
    co_await self.touch(buffer, Self::longest_transfer / page_size, Access::write);
    RandomStream random(process.seed, "sectors");
    std::int64_t slot = slots / p.processes * process.number;
    for (;;) {
      if (p.pattern == "random")
        slot = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(slots)));
      const Self::RawTransfer transfer{.disk = static_cast<unsigned>(p.disk),
                                       .sector = static_cast<std::uint64_t>(first + slot * sectors),
                                       .buffer = buffer,
                                       .bytes = bytes,
                                       .write = p.write};
      slot = (slot + 1) % slots;
      const std::int64_t began = co_await self.clock();
      const std::int64_t done = co_await self.raw_io(transfer);
      load.note(process.instance, began, co_await self.clock(), done);
    }
  }

  void note(std::uint32_t instance, std::int64_t began, std::int64_t ended, std::int64_t result) {
    if (first_ < 0) first_ = began;
    last_ = std::max(last_, ended);
    latencies_.add(static_cast<std::uint64_t>((ended - began) / 1000));
    latency_sum_ += static_cast<double>(ended - began) * 1e-9;
    if (result < 0) {
      ++errors_;
    } else {
      bytes_[instance] += result;
    }
  }

  DiskLoadParameters parameters_;
  ProgramCosts costs_;
  std::vector<std::int64_t> bytes_;     ///< by instance
  std::int64_t first_ = -1, last_ = 0;  ///< picoseconds
  Histogram latencies_;                 ///< nanoseconds
  double latency_sum_ = 0;              ///< milliseconds
  std::int64_t errors_ = 0;
};

const RegisterWorkload<DiskLoad, DiskLoadParameters> registered{
    "disk_load", "reads or writes a raw disk without pause", parameters};

}  // namespace
}  // namespace xensim
