#include "models/cpu/schedulers/scheduler.hpp"

#include <functional>
#include <map>

#include "core/registry_members.hpp"

namespace xensim {
namespace {

/// Filled before main.
std::map<std::string, ShareLimit, std::less<>>& limits() {
  static std::map<std::string, ShareLimit, std::less<>> by_policy;
  return by_policy;
}

}  // namespace

void limit_shares(std::string_view policy, ShareLimit limit) { limits().emplace(policy, limit); }

std::string share_limit(std::string_view policy, const SchedulingShare& share) {
  const auto found = limits().find(policy);
  return found == limits().end() ? std::string{} : found->second(share);
}

template class Registry<Scheduler, std::size_t>;

}  // namespace xensim
