/// The programs of SPEC CINT2000: how long they run, and how they use the cache.
#pragma once

#include <string>
#include <vector>

#include "workloads/workload.hpp"

namespace xensim {

/// The suite in SPEC's order.
inline const std::vector<std::string> spec_cint2000_suite{
    "gzip", "vpr", "gcc", "mcf", "crafty", "parser", "eon", "perlbmk", "gap", "vortex", "bzip2", "twolf"};

/// Section spec_cint2000 of the calibration.
[[nodiscard]] WorkingSet spec_working_set(const std::string& benchmark, const WorkloadContext& context);
/// SPEC's reference time for 100 points.
[[nodiscard]] double spec_reference_seconds(const std::string& benchmark, const WorkloadContext& context);
/// On the testbed, native, with warm caches.
[[nodiscard]] Time spec_run_time(const std::string& benchmark, const WorkloadContext& context);

}  // namespace xensim
