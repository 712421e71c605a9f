#include "results/traces/process_states.hpp"

#include <algorithm>

namespace xensim {

void ProcessStates::apply(const ProcessRecord& record) {
  const std::pair key{record.vcpu, record.process};
  if (const auto found = open_.find(key); found != open_.end()) end_slice(found, record.at, record.awaited);
  if (record.state == ProcessState::gone) return;
  if (record.state == ProcessState::runnable) ++waiting_;
  open_.emplace(key, record);
}

ProcessStates::Open::iterator ProcessStates::end_slice(Open::iterator open, Time at,
                                                       std::string_view awaited) {
  const ProcessRecord& record = open->second;
  if (record.state == ProcessState::runnable) --waiting_;
  if (at > record.at) take_({record, at, awaited});
  return open_.erase(open);
}

Time ProcessStates::waiting_since(Time now) const {
  for (const auto& [key, record] : open_) {
    if (record.state == ProcessState::runnable) now = std::min(now, record.at);
  }
  return now;
}

void ProcessStates::end_kernel(VcpuId vcpu, Time at) {
  auto open = open_.lower_bound({vcpu, ProcessId{0}});
  while (open != open_.end() && open->first.first == vcpu) open = end_slice(open, at, {});
}

void ProcessStates::finish(Time end) {
  for (auto open = open_.begin(); open != open_.end();) open = end_slice(open, end, {});
}

}  // namespace xensim
