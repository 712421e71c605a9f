/// A client of dbench, and what all clients have done.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "models/guest/processes/self.hpp"
#include "workloads/dbench_load_file.hpp"
#include "workloads/workload.hpp"

namespace xensim {

struct DbenchResults {
  struct Latency {
    std::uint64_t count = 0;
    std::int64_t sum = 0, longest = 0;  ///< picoseconds
  };
  std::array<Latency, DbenchOperation::kinds> latencies{};
  std::uint64_t read = 0, written = 0, operations = 0, unexpected = 0, passes = 0;
  std::optional<std::int64_t> begin{};
  std::int64_t end = 0;

  void took(DbenchOperation::Kind kind, std::int64_t from, std::int64_t until);
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

/// How the clients of a version go about an operation.
struct DbenchManners {
  bool searches = true;  ///< a name that is not there, in its directory, in any case
  bool looks = true;     ///< at a file that it has opened
  bool seeks = false;    ///< before it reads or writes; else it says where with the call
  bool flushes = true;   ///< a Flush is an fsync; else nothing
};

/// Executes the load file as client number `client`, so many times; 0: for ever. Each operation is preceded
/// by `line` of computation. All that is referred to outlives the program.
[[nodiscard]] Program run_dbench_client(Self self, const DbenchLoadFile& load, std::uint32_t client,
                                        std::int64_t passes, DbenchManners manners, Time line,
                                        DbenchCosts& costs, DbenchResults& results);

}  // namespace xensim
