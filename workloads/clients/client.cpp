#include "workloads/clients/client.hpp"

#include "core/registry_members.hpp"

namespace xensim {

template class Registry<Client, const ClientContext&>;

}  // namespace xensim
