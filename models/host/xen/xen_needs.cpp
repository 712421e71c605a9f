#include "models/host/xen/xen_needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/io/disk_parameters.hpp"

namespace xensim {

std::optional<PlatformNeeds::Shortage> XenNeeds::shortage() const {
  const bool built = parameters_.build != "at once";
  std::int64_t with_memory = 0, with_disks = 0;
  for (std::size_t i = 0; i < plan_.kernels.size(); ++i) {
    if (!plan_.present[i]) continue;
    if (plan_.kernels[i] || built || plan_.created[i]) ++with_memory;
    if (plan_.kernels[i]) ++with_disks;
  }
  if (with_memory == 0) return {};

  const Bytes own{std::int64_t{MonitorMemory::monitor_frames} * page_size};
  const Bytes memory{std::int64_t{MonitorMemory::frames_of(plan_.memory)} * page_size};
  if (with_memory > (memory.count - own.count) / parameters_.memory.count) {
    return Shortage{
        fmt::format("{} domains with {} of memory each", with_memory, format(parameters_.memory)),
        fmt::format("domains that fit together into {}{}, less {} that Xen keeps for itself", format(memory),
                    memory < plan_.memory ? ", all that Xen 1.0 can use" : "", format(own))};
  }
  const Bytes part{parameters_.swap.count + parameters_.file_system.count};
  const auto sectors = static_cast<std::int64_t>(DiskParameters(plan_.calibration).sectors);
  const std::int64_t parts = parameters_.disks * (sectors / (part.count / sector_bytes));
  const std::string found = fmt::format("{} domains with {} of swap and {} of file_system each", with_disks,
                                        format(parameters_.swap), format(parameters_.file_system));
  if (with_disks > parts) {
    return Shortage{found, fmt::format("at most {}, as many as fit onto {} disk{} of {:.1f} GiB", parts,
                                       parameters_.disks, parameters_.disks == 1 ? "" : "s",
                                       static_cast<double>(sectors) * sector_bytes / (1 << 30))};
  }
  if (with_disks > MonitorBlock::most_domains) {
    return Shortage{
        found, fmt::format("at most {}, to which Xen 1.0 gives parts of disks", MonitorBlock::most_domains)};
  }
  return {};
}

Bytes XenNeeds::simulator_memory() const {
  // Measured with dd, which has most of its pages in use; fork_bomb and dbench take up to twice as much.
  constexpr std::int64_t of_domain = 16 << 10, of_machine_frame = 4, of_kernel = 16 << 20, of_page = 330;
  const auto all = static_cast<std::int64_t>(plan_.kernels.size());
  const std::int64_t kernels = std::ranges::count(plan_.kernels, true);
  Bytes needed{all * of_domain};
  const bool built =
      parameters_.build != "at once" || plan_.created_anew > 0 || std::ranges::count(plan_.created, true) > 0;
  if (kernels > 0 || built) {
    needed.count += MonitorMemory::frames_of(plan_.memory) * of_machine_frame;
  }
  needed.count += kernels * (of_kernel + parameters_.memory.count / page_size * of_page);
  return needed;
}

std::vector<std::string> XenNeeds::interfaces() const {
  if (!plan_.network) return {};
  std::vector<std::string> all{"eth0"};
  // Numbers are given in the order of creation, which a script may change.
  const bool in_order = plan_.created_anew == 0 && std::ranges::count(plan_.present, false) == 0;
  for (std::size_t i = 0; i < plan_.kernels.size() + plan_.created_anew; ++i) {
    if (!in_order || plan_.kernels[i]) all.push_back(fmt::format("dom{}/vif0", i + 1));
  }
  return all;
}

}  // namespace xensim
