#include "models/io/block/virtual_block_devices.hpp"

#include <algorithm>

namespace xensim {
namespace {

bool is_empty(const DiskExtent& extent) { return extent.sectors == 0; }

}  // namespace

std::uint64_t VirtualBlockDevice::capacity() const {
  std::uint64_t sectors = 0;
  for (const DiskExtent& extent : extents) sectors += extent.sectors;
  return sectors;
}

HypercallStatus VirtualBlockDevices::create(const MemoryDomain& caller, DomainId domain, DeviceNumber device,
                                            std::uint8_t modes) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  const bool added = devices_.try_emplace({domain, device}, VirtualBlockDevice{modes, {}}).second;
  return added ? HypercallStatus::done : HypercallStatus::invalid;
}

HypercallStatus VirtualBlockDevices::grow(const MemoryDomain& caller, DomainId domain, DeviceNumber device,
                                          const DiskExtent& extent) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  const auto found = devices_.find({domain, device});
  if (found == devices_.end() || is_empty(extent)) return HypercallStatus::invalid;
  found->second.extents.push_back(extent);
  return HypercallStatus::done;
}

HypercallStatus VirtualBlockDevices::shrink(const MemoryDomain& caller, DomainId domain,
                                            DeviceNumber device) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  const auto found = devices_.find({domain, device});
  if (found == devices_.end() || found->second.extents.empty()) return HypercallStatus::invalid;
  found->second.extents.pop_back();
  return HypercallStatus::done;
}

HypercallStatus VirtualBlockDevices::set_extents(const MemoryDomain& caller, DomainId domain,
                                                 DeviceNumber device, std::span<const DiskExtent> extents) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  const auto found = devices_.find({domain, device});
  if (found == devices_.end() || std::any_of(extents.begin(), extents.end(), is_empty)) {
    return HypercallStatus::invalid;
  }
  found->second.extents.assign(extents.begin(), extents.end());
  return HypercallStatus::done;
}

HypercallStatus VirtualBlockDevices::remove(const MemoryDomain& caller, DomainId domain,
                                            DeviceNumber device) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  return devices_.erase({domain, device}) == 1 ? HypercallStatus::done : HypercallStatus::invalid;
}

const VirtualBlockDevice* VirtualBlockDevices::find(DomainId domain, DeviceNumber device) const {
  const auto found = devices_.find({domain, device});
  return found == devices_.end() ? nullptr : &found->second;
}

void VirtualBlockDevices::forget(DomainId domain) {
  std::erase_if(devices_, [&](const auto& entry) { return entry.first.first == domain; });
}

BlockTranslation VirtualBlockDevices::translate(const MemoryDomain& domain, DeviceNumber device,
                                                BlockAccess access, std::uint32_t sector,
                                                std::uint32_t sectors) const {
  if (const VirtualBlockDevice* own = find(domain.id, device)) {
    if ((own->modes & static_cast<std::uint8_t>(access)) == 0) return {.error = BlockError::no_access};
    return map_extents(own->extents, sector, sectors);
  }
  const DeviceNumber disk = device.whole_disk();
  if (!domain.privileged || !disks_.contains(disk)) return {.error = BlockError::no_device};
  const DiskExtent whole{disk, 0, UINT32_MAX};
  return map_extents({&whole, 1}, sector, sectors);
}

}  // namespace xensim
