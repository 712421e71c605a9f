#include "models/cpu/schedulers/scheduler.hpp"

#include <functional>
#include <map>

#include "core/registry_members.hpp"

namespace xensim {
namespace {

/// Filled before main.
std::map<std::string, ShareRules, std::less<>>& rules() {
  static std::map<std::string, ShareRules, std::less<>> by_policy;
  return by_policy;
}

std::string ask(ShareRule ShareRules::*rule, std::string_view policy, const SchedulingShare& share) {
  const auto found = rules().find(policy);
  return found == rules().end() || found->second.*rule == nullptr ? std::string{}
                                                                  : (found->second.*rule)(share);
}

}  // namespace

void declare_shares(std::string_view policy, ShareRules of_policy) { rules().emplace(policy, of_policy); }

std::string share_limit(std::string_view policy, const SchedulingShare& share) {
  return ask(&ShareRules::limit, policy, share);
}

std::string share_remark(std::string_view policy, const SchedulingShare& share) {
  return ask(&ShareRules::remark, policy, share);
}

template class Registry<Scheduler, std::size_t>;

}  // namespace xensim
