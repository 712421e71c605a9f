#include "experiments/runner/load_description.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <unordered_map>

#include "core/error.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/xentrace_demand.hpp"
#include "results/traces/xentrace_reader.hpp"
#include "workloads/recorded/disk_load.hpp"
#include "workloads/recorded/packet_load.hpp"
#include "workloads/recorded/phases_file.hpp"
#include "workloads/recorded/rt_app_file.hpp"

namespace xensim {
namespace {

constexpr std::string_view known_kinds =
    "tasks of rt-app (JSON), phases (CSV: task,run_us,block_us or task,time_us,run_us), xentrace's binary, "
    "pcap, pcapng, an iolog of fio, the output of blkparse, a file of blktrace, or a run's trace of disks";

std::string beginning_of(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw InputError({.file = file.string()}, "found a directory", known_kinds);
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError({.file = file.string()}, "found no such file", known_kinds);
  std::array<char, 4096> buffer{};
  stream.read(buffer.data(), buffer.size());
  return {buffer.data(), static_cast<std::size_t>(stream.gcount())};
}

std::string name_of(std::uint32_t word) { return fmt::format("d{}v{}", word >> 16, word & 0xffff); }

/// Cycles of one stream to time, remainders carried.
class XentraceTimes {
 public:
  XentraceTimes(const XentraceReader& reader, Frequency clock) : reader_(reader), clock_(clock) {}

  Time of(std::uint32_t word, std::uint64_t cycles) {
    constexpr std::uint64_t longest_s = std::uint64_t{100} * 24 * 3600;
    if (cycles / 1000 / static_cast<std::uint64_t>(clock_.kilohertz) > longest_s) {
      reader_.fail(0, fmt::format("{} cycles in one state", cycles), "less than 100 days");
    }
    const auto [clock, is_new] = clocks_.try_emplace(word, CycleClock(clock_));
    return clock->second.convert({static_cast<std::int64_t>(cycles)});
  }

 private:
  const XentraceReader& reader_;
  Frequency clock_;
  std::unordered_map<std::uint32_t, CycleClock> clocks_;
};

/// At least one cycle of time if it is longer than nothing.
std::uint64_t cycles_of(Time time, Frequency clock) {
  return static_cast<std::uint64_t>(static_cast<double>(time.count()) * 1e-9 *
                                    static_cast<double>(clock.kilohertz));
}

std::string describe_xentrace(const std::filesystem::path& file, const LoadOptions& options) {
  const std::string name = file.string();
  std::ifstream stream(file, std::ios::binary);
  XentraceReader reader(stream, name);
  XentraceTimes times(reader, options.clock);
  std::optional<AtomicFile> csv;
  if (options.phases) {
    csv.emplace(*options.phases);
    csv->write(fmt::format("{}\n", closed_phases_header));
  }
  XentraceDemands demands(cycles_of(options.merge, options.clock),
                          [&](XentraceVcpu vcpu, std::uint64_t run, std::uint64_t block) {
                            if (!csv) return;
                            const Time ran = times.of(vcpu.word(), run);
                            csv->write(phase_line(name_of(vcpu.word()), ran, times.of(vcpu.word(), block)));
                          });
  std::uint64_t changes = 0;
  for (XentraceChange change; reader.next(change); ++changes) demands.change(change);
  demands.finish(reader.last());
  if (csv && demands.demands().empty()) reader.fail(0, "no change of state of any guest", "some");
  if (csv) csv->commit();

  const double hertz = static_cast<double>(options.clock.kilohertz) * 1e3;
  const auto seconds = [&](std::uint64_t cycles) { return static_cast<double>(cycles) / hertz; };
  std::string text = fmt::format(
      "xentrace, {} bytes, {} windows of {} processors, {} records, {} changes of state, {:.6f} s\n",
      reader.bytes(), reader.windows(), reader.cpus(), reader.records(), changes,
      seconds(reader.last() - reader.first()));
  if (reader.lost() > 0) text += fmt::format("  {} gaps where records were lost\n", reader.lost());
  if (demands.contradictions() > 0) {
    text += fmt::format("  {} changes from another state than the one before had led to\n",
                        demands.contradictions());
  }
  for (const auto& [word, demand] : demands.demands()) {
    text += fmt::format("  {}: {} phases, {:.6f} s running, {:.6f} s blocked; left out: {:.6f} s runnable\n",
                        name_of(word), demand.phases, seconds(demand.ran), seconds(demand.blocked),
                        seconds(demand.waited));
  }
  return text;
}

}  // namespace

std::string describe_load(const std::filesystem::path& file, const LoadOptions& options) {
  const std::string beginning = beginning_of(file);
  if (!options.device.empty() && !is_disk_load(beginning)) {
    throw InputError({.file = file.string()}, "found no load of a disk", "one, of which a device is chosen");
  }
  if (XentraceReader::recognises(beginning)) return describe_xentrace(file, options);
  if (options.phases) {
    throw InputError({.file = file.string()}, "found no file of xentrace", "one, from which phases are made");
  }
  if (is_disk_load(beginning)) {
    return text_of(describe(read_disk_load(file.string(), {.device = options.device, .all_devices = true})));
  }
  if (is_packet_load(beginning)) return text_of(describe(read_packet_load(file.string())));
  const std::size_t first = beginning.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (beginning[first] == '{' || beginning[first] == '/')) {
    return describe(read_rt_app(file.string(), {.ignore_policies = true}));
  }
  const std::string line = beginning.substr(0, beginning.find('\n'));
  if (line.find("run_us") == std::string::npos && !line.starts_with('#')) {
    throw InputError({.file = file.string(), .line = 1}, "found no load that is known", known_kinds);
  }
  return describe(read_phases(file.string()));
}

}  // namespace xensim
