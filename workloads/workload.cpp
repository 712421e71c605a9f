#include "workloads/workload.hpp"

#include "core/registry_members.hpp"

namespace xensim {

template class Registry<Workload, const WorkloadContext&>;

}  // namespace xensim
