/// The commands that disks executed, one a line, as comma-separated values.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "results/atomic_file.hpp"
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
  BlockCsv(const BlockCsvParameters&, std::filesystem::path file) : file_(std::move(file)) {}

  void record(const TraceRecord& /*record*/) override {}
  void disk(const DiskRecord& record) override { records_.push_back(record); }

  void finish() override {
    AtomicFile file(file_);
    file.write("complete_us,domain,disk,operation,sector,sectors,queued_us,service_us\n");
    for (const DiskRecord& record : records_) {
      const std::string domain = record.vcpu.valid() ? fmt::format("{}", record.vcpu.value) : "";
      file.write(fmt::format("{},{},{},{},{},{},{},{}\n", microseconds(record.at), domain, record.disk,
                             record.write ? "write" : "read", record.sector, record.sectors,
                             microseconds(record.queued), microseconds(record.service)));
    }
    file.commit();
  }

 private:
  std::filesystem::path file_;
  std::vector<DiskRecord> records_;  ///< in order of time, as the calendar calls
};

const RegisterTraceFile<BlockCsv, BlockCsvParameters> registered{
    "block", "commands of disks as comma-separated values", ParameterTable<BlockCsvParameters>{}};

}  // namespace
}  // namespace xensim
