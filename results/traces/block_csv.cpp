/// The commands that disks executed, one a line, as comma-separated values.
#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "results/atomic_file.hpp"
#include "results/traces/spool.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

struct BlockCsvParameters {};

/// Exact: a picosecond is the unit of simulated time.
std::string microseconds(Time time) {
  constexpr std::int64_t ps_per_us = 1'000'000;
  const std::int64_t magnitude = std::abs(time.count());
  return fmt::format("{}{}.{:06}", time.count() < 0 ? "-" : "", magnitude / ps_per_us, magnitude % ps_per_us);
}

class BlockCsv final : public TraceFile {
 public:
  BlockCsv(const BlockCsvParameters&, const std::filesystem::path& file) : file_(file), lines_(file) {}

  void record(const TraceRecord& /*record*/) override {}
  /// In order of time, as the calendar calls.
  void disk(const DiskRecord& record) override {
    const std::string domain = record.vcpu.valid() ? fmt::format("{}", record.vcpu.value) : "";
    lines_.write(fmt::format("{},{},{},{},{},{},{},{}\n", microseconds(record.at), domain, record.disk,
                             record.write ? "write" : "read", record.sector, record.sectors,
                             microseconds(record.queued), microseconds(record.service)));
  }

  void finish() override {
    AtomicFile file(file_);
    file.write("complete_us,domain,disk,operation,sector,sectors,queued_us,service_us\n");
    lines_.copy_to(file);
    file.commit();
  }

 private:
  std::filesystem::path file_;
  Spool lines_;
};

const RegisterTraceFile<BlockCsv, BlockCsvParameters> registered{
    "block", "commands of disks as comma-separated values", ParameterTable<BlockCsvParameters>{}};

}  // namespace
}  // namespace xensim
