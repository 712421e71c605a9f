#include "models/host/platform.hpp"

#include "core/registry_members.hpp"

namespace xensim {

template class Registry<Platform, const HostContext&>;

}  // namespace xensim
