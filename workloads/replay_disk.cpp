/// What was recorded of a disk or of files, done again: requests come when they came, whether earlier ones
/// are done or not, as long as a process is free.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "core/error.hpp"
#include "core/histogram.hpp"
#include "core/input_file.hpp"
#include "models/guest/kernel/kernel.hpp"
#include "models/guest/memory/area.hpp"
#include "models/io/block_io.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/recorded/blktrace.hpp"
#include "workloads/recorded/disk_load.hpp"
#include "workloads/recorded/disk_target.hpp"
#include "workloads/set_up.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;
using enum Statistic::Kind;
const Statistic requests{"replayed", "requests", counter, "requests of the recorded load that were made"};
const Statistic bytes{"replayed_bytes", "bytes", counter, "bytes that they transferred"};
const Statistic errors{"errors", "requests", counter, "requests that the disk or the kernel could not do"};
const Statistic ignored{"ignored", "requests", counter,
                        "discards, and flushes of a disk, which Linux 2.4 does not have"};
const Statistic left{"left", "requests", level, "requests of the recorded load that are not done yet"};
const Statistic late_p50{"lateness/p50", "ms", summary, "half of the requests began less after their time"};
const Statistic late_p99{"lateness/p99", "ms", summary, "99 % of the requests began less after their time"};
const Statistic late_maximum{"lateness/maximum", "ms", summary, "longest time a request began too late"};
const Statistic of_kind{"requests", "requests", summary, "requests of a kind since the measurement began"};
const Statistic latency_mean{"latency/mean", "ms", summary, "mean time of a request, once it has begun"};
const Statistic latency_p50{"latency/p50", "ms", summary, "half of the requests took less"};
const Statistic latency_p99{"latency/p99", "ms", summary, "99 % of the requests took less"};
const Statistic latency_maximum{"latency/maximum", "ms", summary, "longest request"};

struct ReplayDiskParameters {
  InputFile file{};
  std::string pace = "recorded";
  std::string waits = "sleep";
  std::string unit = "us";
  std::string device{};
  std::int64_t requests = 0;
  std::int64_t depth = 16;
  bool raw = false;
  std::int64_t disk = 0;
  std::int64_t origin = 0;
  std::string beyond = "error";
  Time begin{};
};
const auto parameters =
    ParameterTable<ReplayDiskParameters>{}
        .add("file", &ReplayDiskParameters::file,
             "recorded load: an iolog of fio, the output of blkparse or files of blktrace, or a run's own "
             "trace of disks",
             "choice")
        .add("pace", &ReplayDiskParameters::pace,
             "recorded: requests come at their times; fast: each as soon as a process is free", "choice",
             {.choices = {"recorded", "fast"}})
        .add("waits", &ReplayDiskParameters::waits,
             "how it waits for the time of a request; sleep: until the tick behind it, up to 10 ms late; "
             "spin: "
             "the last ticks before it by computing",
             "Linux 2.4: timers have the resolution of a tick", {.choices = {"sleep", "spin"}})
        .add("unit", &ReplayDiskParameters::unit, "of the times and waits in iologs",
             "fio's manual: microseconds; fio 3.33 takes waits for milliseconds",
             {.choices = {"ns", "us", "ms"}})
        .add("device", &ReplayDiskParameters::device,
             "whose requests: MAJOR,MINOR of blkparse and blktrace, a file of an iolog, DISK or DOMAIN,DISK "
             "of a run's own "
             "trace; empty: all files, or the only device",
             "choice")
        .add("requests", &ReplayDiskParameters::requests, "from the beginning of the file; 0: all", "choice",
             {.minimum = 0})
        .add("depth", &ReplayDiskParameters::depth,
             "processes that make requests, one at a time each; one more waits for their times", "choice",
             {.minimum = 1, .maximum = 256})
        .add("raw", &ReplayDiskParameters::raw,
             "requests of files, too, go to the raw disk; else those of names in /dev only", "choice")
        .add("disk", &ReplayDiskParameters::disk, "number of the raw disk", "choice",
             {.minimum = 0, .maximum = 15})
        .add("origin", &ReplayDiskParameters::origin,
             "sector of the recorded disk that is the raw disk's first",
             "choice: the recorded disk is like this one", {.minimum = 0})
        .add("beyond", &ReplayDiskParameters::beyond,
             "a request behind the end of the raw disk is an error, or goes to its place modulo the disk's "
             "size",
             "choice", {.choices = {"error", "wrap"}})
        .add("begin", &ReplayDiskParameters::begin,
             "time of the run at which the recorded load begins, at the earliest", "choice",
             {.minimum = Time{}});

Time unit_of(const std::string& name) {
  return name == "ns" ? Time{1ns} : name == "us" ? Time{1us} : Time{1ms};
}

RecordedDiskLoad read(const ReplayDiskParameters& p) {
  if (p.file.path.empty()) {
    throw InputError({.path = "replay_disk"}, "no file",
                     "the parameter file: an iolog of fio, the output of blkparse, a file of blktrace, or a "
                     "run's trace of disks");
  }
  return read_disk_load(
      p.file.path,
      {.unit = unit_of(p.unit), .device = p.device, .most = static_cast<std::uint64_t>(p.requests)});
}

class ReplayDisk final : public Workload {
 public:
  ReplayDisk(const ReplayDiskParameters& p, const WorkloadContext& context)
      : parameters_(p),
        load_(read(p)),
        target_(load_, p.file.path, p.raw),
        costs_(context.calibration),
        data_(WorkingSet::constant(16, context.costs.miss_price, 2)) {}

  [[nodiscard]] WorkloadNeeds needs() const override {
    return {.files = blktrace_files(parameters_.file.path)};
  }
  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    Replay& replay = *replays_.emplace_back(std::make_unique<Replay>());
    std::vector<Program> all;
    all.push_back(small_program("/bin/replay", costs_, [this, instance, &replay](Self self, const Place&) {
      return start(self, *this, instance, replay);
    }));
    return all;
  }
  void measurement_begins() override {
    lateness_ = {};
    latencies_ = {};
  }
  void report(StatisticSink& sink, const std::string& prefix) const override;

 private:
  /// One instance's. Its processes share it, as they would in memory.
  struct Replay {
    std::size_t due = 0, next = 0;  ///< requests whose time has come; the first that nobody has taken
    std::int64_t idle = 0;          ///< processes that wait for one
    bool over = false;              ///< no more will come due
    std::int64_t wake = -1;         ///< semaphore that the idle wait for
    std::int64_t begin = 0;         ///< time of the first request, in ps
    std::vector<std::int64_t> descriptors{};  ///< of the recorded files
  };

  static Program start(Self self, ReplayDisk& load, std::uint32_t instance, Replay& replay);
  static Program pace(Self self, ReplayDisk& load, Replay& replay);
  static Program serve(Self self, ReplayDisk& load, Replay& replay);
  static Program wait_until(Self self, ReplayDisk& load, std::int64_t time);
  static Program transfer(Self self, ReplayDisk& load, const RecordedRequest& request, Address buffer,
                          std::int64_t descriptor, std::int64_t& result);
  void note(const RecordedRequest& request, std::int64_t began, std::int64_t ended, std::int64_t result);

  ReplayDiskParameters parameters_;
  RecordedDiskLoad load_;
  DiskTarget target_;
  ProgramCosts costs_;
  WorkingSet data_;
  std::vector<std::unique_ptr<Replay>> replays_;
  std::uint64_t made_ = 0, moved_ = 0, errors_ = 0, ignored_ = 0;
  Histogram lateness_;                                         ///< ns
  std::array<Histogram, RecordedRequest::kinds> latencies_{};  ///< ns
};

Program ReplayDisk::start(Self self, ReplayDisk& load, std::uint32_t instance, Replay& replay) {
  const ReplayDiskParameters& p = load.parameters_;
  std::vector<Self::PlacedFile> files;
  Bytes needed{};
  for (std::size_t i = 0; i < load.load_.files.size(); ++i) {
    if (load.target_.is_raw(static_cast<std::uint16_t>(i))) continue;
    files.push_back({.path = load.load_.files[i], .bytes = load.target_.size_of(i)});
    needed.count += static_cast<std::int64_t>(load.target_.size_of(i));
  }
  constexpr Bytes all_memory{std::numeric_limits<std::int64_t>::max()};  // none of them is in it
  const std::int64_t placed = co_await self.place_files(files, all_memory);
  check_set_up(placed, "replay_disk", instance, needed);
  replay.descriptors.assign(load.load_.files.size(), -1);
  for (std::size_t i = 0; i < load.load_.files.size(); ++i) {
    if (load.target_.is_raw(static_cast<std::uint16_t>(i))) continue;
    replay.descriptors[i] = co_await self.open(load.load_.files[i]);
    check_set_up(replay.descriptors[i], "replay_disk", instance, needed);
  }
  if (load.target_.has_raw()) {
    const std::int64_t sectors = co_await self.disk_size(static_cast<unsigned>(p.disk));
    load.target_.fit(sectors, p.origin, p.beyond == "wrap");
  }
  replay.wake = co_await self.semget(1);
  for (std::int64_t i = 0; i < p.depth; ++i) {
    const Self::Body child = [&load, &replay](Self born) { return serve(born, load, replay); };
    co_await self.fork(child);
  }
  co_await pace(self, load, replay);
  while (co_await self.wait() >= 0) {
  }
}

/// A process that does this alone, and computes if it spins, has a lower priority than those that sleep for
/// the disk: they go on as soon as it is done. So that this holds for the first request, too, it begins
/// early.
Program ReplayDisk::pace(Self self, ReplayDisk& load, Replay& replay) {
  constexpr Time longest_slice = 12 * GuestKernel::tick_length;  // what a process has that has slept for long
  const std::vector<SemaphoreOperation> wake{{.semaphore = 0, .change = 1}};
  const bool fast = load.parameters_.pace == "fast";
  const Time before = load.parameters_.waits == "spin" && !fast ? longest_slice : Time{};
  const std::int64_t now = co_await self.clock();
  replay.begin = std::max(now + before.count(), load.parameters_.begin.count());
  co_await wait_until(self, load, replay.begin - before.count());
  if (before > Time{}) co_yield Compute{before - GuestKernel::tick_length, &load.data_};
  if (fast) replay.due = load.load_.requests.size();
  while (replay.due < load.load_.requests.size()) {
    co_await wait_until(self, load, replay.begin + load.load_.requests[replay.due].at.count());
    ++replay.due;
    if (replay.idle == 0) continue;
    --replay.idle;
    co_await self.semop(replay.wake, wake);
  }
  replay.over = true;
  for (; replay.idle > 0; --replay.idle) co_await self.semop(replay.wake, wake);
}

Program ReplayDisk::serve(Self self, ReplayDisk& load, Replay& replay) {
  const std::vector<SemaphoreOperation> sleep{{.semaphore = 0, .change = -1}};
  const bool paced = load.parameters_.pace == "recorded";
  Address buffer{};
  if (load.target_.has_raw()) {
    const Self::MapRequest memory{.length = Self::longest_transfer,
                                  .flags = AreaFlags::read | AreaFlags::write};
    buffer = Address{static_cast<std::uint32_t>(co_await self.mmap(memory))};
    co_await self.touch(buffer, Self::longest_transfer / page_size, Access::write);
  }
  for (;;) {
    if (replay.next == replay.due) {
      if (replay.over) break;
      ++replay.idle;
      co_await self.semop(replay.wake, sleep);
      continue;
    }
    const RecordedRequest& request = load.load_.requests[replay.next++];
    const bool raw = load.target_.is_raw(request.file);
    if (request.kind == Kind::discard || (raw && request.kind == Kind::flush)) {
      ++load.ignored_;
      continue;
    }
    const std::int64_t began = co_await self.clock();
    const std::int64_t late = began - replay.begin - request.at.count();
    if (paced) load.lateness_.add(static_cast<std::uint64_t>(late / 1000));
    std::int64_t result = 0;
    const std::int64_t descriptor = raw ? -1 : replay.descriptors[request.file];
    co_await transfer(self, load, request, buffer, descriptor, result);
    load.note(request, began, co_await self.clock(), result);
  }
}

Program ReplayDisk::wait_until(Self self, ReplayDisk& load, std::int64_t time) {
  constexpr Time tick = GuestKernel::tick_length;
  const bool spins = load.parameters_.waits == "spin";
  for (;;) {
    const Time rest{time - co_await self.clock()};
    if (rest <= Time{}) co_return;
    if (!spins) {
      // Sleeping lasts a tick longer than it was asked for, counted from the last tick.
      co_yield Sleep{std::max(rest - tick, Time{})};
    } else if (rest > 2 * tick) {
      co_yield Sleep{rest - 2 * tick};
    } else {
      co_yield Compute{rest, &load.data_};
    }
  }
}

Program ReplayDisk::transfer(Self self, ReplayDisk& load, const RecordedRequest& request, Address buffer,
                             std::int64_t descriptor, std::int64_t& result) {
  if (request.kind == Kind::flush) {
    result = co_await self.fsync(descriptor);
    co_return;
  }
  const bool writes = request.kind == Kind::write;
  const std::uint64_t offset = descriptor < 0 ? load.target_.place_of(request) : request.offset;
  for (std::uint32_t done = 0; done < request.bytes;) {
    const std::uint32_t piece = std::min<std::uint32_t>(request.bytes - done, Self::longest_transfer);
    std::int64_t moved = 0;
    if (descriptor < 0) {
      const Self::RawTransfer transfer{.disk = static_cast<unsigned>(load.parameters_.disk),
                                       .sector = (offset + done) / sector_bytes,
                                       .buffer = buffer,
                                       .bytes = piece,
                                       .write = writes};
      moved = co_await self.raw_io(transfer);
    } else if (writes) {
      moved = co_await self.pwrite(descriptor, piece, offset + done);
    } else {
      moved = co_await self.pread(descriptor, piece, offset + done);
    }
    if (moved <= 0) {
      result = -1;
      co_return;
    }
    done += static_cast<std::uint32_t>(moved);
    result += moved;
  }
}

void ReplayDisk::note(const RecordedRequest& request, std::int64_t began, std::int64_t ended,
                      std::int64_t result) {
  ++made_;
  if (result < 0) {
    ++errors_;
  } else {
    moved_ += static_cast<std::uint64_t>(result);
  }
  latencies_[static_cast<std::size_t>(request.kind)].add(static_cast<std::uint64_t>((ended - began) / 1000));
}

void ReplayDisk::report(StatisticSink& sink, const std::string& prefix) const {
  constexpr double ms = 1e-6;
  const auto value = [&](const Statistic& statistic, std::uint64_t number) {
    sink.value(prefix, statistic, static_cast<double>(number));
  };
  value(requests, made_);
  value(bytes, moved_);
  value(errors, errors_);
  value(ignored, ignored_);
  value(left, replays_.size() * load_.requests.size() - made_ - ignored_);
  if (lateness_.count() > 0) {
    sink.value(prefix, late_p50, static_cast<double>(lateness_.quantile(0.5)) * ms);
    sink.value(prefix, late_p99, static_cast<double>(lateness_.quantile(0.99)) * ms);
    sink.value(prefix, late_maximum, static_cast<double>(lateness_.maximum()) * ms);
  }
  constexpr std::array<std::string_view, RecordedRequest::kinds> names{"read/", "write/", "flush/",
                                                                       "discard/"};
  for (std::size_t i = 0; i < latencies_.size(); ++i) {
    const Histogram& taken = latencies_[i];
    if (taken.count() == 0) continue;
    const std::string path = prefix + std::string(names[i]);
    sink.value(path, of_kind, static_cast<double>(taken.count()));
    sink.value(path, latency_mean, taken.mean() * ms);
    sink.value(path, latency_p50, static_cast<double>(taken.quantile(0.5)) * ms);
    sink.value(path, latency_p99, static_cast<double>(taken.quantile(0.99)) * ms);
    sink.value(path, latency_maximum, static_cast<double>(taken.maximum()) * ms);
  }
}

const RegisterWorkload<ReplayDisk, ReplayDiskParameters> registered{
    "replay_disk", "does again what was recorded of a disk or of files", parameters};

}  // namespace
}  // namespace xensim
