#include "models/host/native/native_needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/memory/page_table.hpp"

namespace xensim {

std::optional<PlatformNeeds::Shortage> NativeNeeds::shortage() const {
  if (!smp_ || plan_.cpus <= most_processors) return {};
  return Shortage{
      fmt::format("an SMP kernel on {} processors", plan_.cpus),
      fmt::format("at most {}, the limit of Linux 2.4 on i386, or \"smp\": false", most_processors)};
}

Bytes NativeNeeds::simulator_memory() const {
  // Measured: what the kernel keeps of each page of memory; of an instance that only computes.
  constexpr std::int64_t of_kernel = 16 << 20, of_page = 72, of_instance = 16 << 10;
  const bool kernel = std::ranges::count(plan_.kernels, true) > 0;
  const auto instances = static_cast<std::int64_t>(plan_.kernels.size());
  return {instances * of_instance + (kernel ? of_kernel + plan_.memory.count / page_size * of_page : 0)};
}

std::vector<std::string> NativeNeeds::interfaces() const {
  return plan_.network ? std::vector<std::string>{"eth0"} : std::vector<std::string>{};
}

}  // namespace xensim
