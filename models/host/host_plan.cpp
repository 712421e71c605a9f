#include "models/host/host_plan.hpp"

#include "core/registry_members.hpp"

namespace xensim {

template class Registry<PlatformNeeds, const HostPlan&>;

}  // namespace xensim
