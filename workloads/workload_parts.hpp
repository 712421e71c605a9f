/// What a workload does that is made of others.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "workloads/workload.hpp"

namespace xensim {

/// Other workloads, by name; their metrics are reported below it.
class WorkloadParts {
 public:
  /// A second one of the same name is reported as `name.1`, and so on.
  void add(const std::string& name, std::unique_ptr<Workload> workload);

  /// Of all of them, in the order in which they were added; see Workload::programs.
  [[nodiscard]] std::vector<Program> programs(std::uint32_t instance, RandomStream& random);
  [[nodiscard]] WorkloadNeeds needs() const;
  void measurement_begins();
  void report(StatisticSink& sink, const std::string& prefix) const;

 private:
  struct Part {
    std::string name;
    std::unique_ptr<Workload> workload;
  };
  std::vector<Part> parts_;
};

}  // namespace xensim
