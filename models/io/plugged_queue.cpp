#include "models/io/plugged_queue.hpp"

#include <fmt/format.h>

namespace xensim {

bool PluggedQueue::submit(const BlockIo& io, Time at, bool head_taken) {
  const bool was_idle = requests.empty() && !head_taken;
  BlockIo stamped = io;
  stamped.at = at;
  if (requests.add(stamped) == Elevator::Added::full) return false;
  ++counts.buffers[io.write ? 1 : 0];
  ++outstanding_;
  if (was_idle) plugged_ = true;
  return true;
}

std::string PluggedQueue::audit(std::uint64_t in_driver) const {
  if (std::string fault = requests.audit(); !fault.empty()) return fault;
  std::uint64_t known = in_driver;
  for (const DiskRequest& request : requests.queue()) known += request.buffers.size();
  if (known == outstanding_) return {};
  return fmt::format("{} buffers are outstanding, {} known", outstanding_, known);
}

}  // namespace xensim
