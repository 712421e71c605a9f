#include "workloads/workload_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace xensim {

void WorkloadParts::add(const std::string& name, std::unique_ptr<Workload> workload) {
  std::string own = name;
  for (int i = 1; std::ranges::find(parts_, own, &Part::name) != parts_.end(); ++i)
    own = fmt::format("{}.{}", name, i);
  parts_.push_back({std::move(own), std::move(workload)});
}

std::vector<Program> WorkloadParts::programs(std::uint32_t instance, RandomStream& random) {
  std::vector<Program> all;
  for (const Part& part : parts_)
    std::ranges::move(part.workload->programs(instance, random), std::back_inserter(all));
  return all;
}

WorkloadNeeds WorkloadParts::needs() const {
  WorkloadNeeds all{.system_calls = false};
  for (const Part& part : parts_) all.add(part.workload->needs());
  return all;
}

void WorkloadParts::measurement_begins() {
  for (const Part& part : parts_) part.workload->measurement_begins();
}

void WorkloadParts::report(StatisticSink& sink, const std::string& prefix) const {
  for (const Part& part : parts_) part.workload->report(sink, prefix + part.name + '/');
}

}  // namespace xensim
