/// What a sweep asks of the computer, told before it starts.
#pragma once

#include <string>
#include <vector>

#include "experiments/runner/expansion.hpp"

namespace xensim {

struct Demand {
  std::size_t runs = 0;
  bool at_most = false;                ///< results decide how many of them
  std::int64_t most_instances = 0;     ///< of any run
  Time simulated{};                    ///< the longest run, saturating
  Bytes memory;                        ///< of the largest run, roughly
  Bytes trace{};                       ///< of its trace on disk, at the least
  std::vector<std::string> remarks{};  ///< of workloads and constants, each once
};

/// O(runs + instances of each point).
[[nodiscard]] Demand demand_of(const std::vector<Run>& runs);

/// `540 runs of up to 70 s simulated time and 128 instances, about 12 MiB each`.
[[nodiscard]] std::string describe(const Demand& demand);

/// Throws InputError if `jobs` such runs at a time need more than `available`.
void check_memory(const Demand& demand, unsigned jobs, Bytes available);

/// Main memory of this computer.
[[nodiscard]] Bytes installed_memory();

}  // namespace xensim
