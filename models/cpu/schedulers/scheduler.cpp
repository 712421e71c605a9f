#include "models/cpu/schedulers/scheduler.hpp"

#include "core/registry_members.hpp"

namespace xensim {

template class Registry<Scheduler, std::size_t>;

}  // namespace xensim
