#include "models/io/block/segments.hpp"

#include <algorithm>

namespace xensim {

HypercallStatus SegmentedDisks::create(const MemoryDomain& caller, const DiskSegment& segment) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  const bool empty = std::any_of(segment.extents.begin(), segment.extents.end(),
                                 [](const DiskExtent& extent) { return extent.sectors == 0; });
  if (segment.mode == DiskSegment::Mode::unused || segment.number >= max_segments || empty ||
      segment.extents.empty() || segment.extents.size() > max_extents) {
    return HypercallStatus::invalid;
  }
  auto place = std::find_if(segments_.begin(), segments_.end(), [&](const DiskSegment& other) {
    return other.mode != DiskSegment::Mode::unused && other.domain == segment.domain &&
           other.number == segment.number;
  });
  if (place == segments_.end()) {
    place = std::find_if(segments_.begin(), segments_.end(),
                         [](const DiskSegment& other) { return other.mode == DiskSegment::Mode::unused; });
  }
  if (place == segments_.end()) return HypercallStatus::out_of_memory;
  *place = segment;
  return HypercallStatus::done;
}

HypercallStatus SegmentedDisks::grant(const MemoryDomain& caller, DomainId to, const DiskGrant& grant) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  if (!disks_.contains(grant.disk) || grant.sectors == 0) return HypercallStatus::invalid;
  grants_.push_back({to, grant});
  return HypercallStatus::done;
}

std::size_t SegmentedDisks::grants(DomainId domain) const {
  return static_cast<std::size_t>(std::ranges::count(grants_, domain, &HeldGrant::domain));
}

void SegmentedDisks::forget(DomainId domain) {
  for (DiskSegment& segment : segments_) {
    if (segment.domain == domain) segment = {};
  }
  std::erase_if(grants_, [&](const HeldGrant& held) { return held.domain == domain; });
}

const DiskGrant* SegmentedDisks::find(DomainId domain, DeviceNumber disk, BlockAccess access,
                                      std::uint32_t sector) const {
  for (const HeldGrant& held : grants_) {
    const DiskGrant& grant = held.grant;
    if (held.domain == domain && grant.disk == disk && sector >= grant.start &&
        sector - grant.start < grant.sectors && (grant.modes & static_cast<std::uint8_t>(access)) != 0) {
      return &grant;
    }
  }
  return nullptr;
}

bool SegmentedDisks::granted(DomainId domain, DeviceNumber disk, BlockAccess access, std::uint32_t sector,
                             std::uint32_t sectors) const {
  while (sectors > 0) {
    const DiskGrant* grant = find(domain, disk, access, sector);
    if (grant == nullptr) return false;
    const std::uint32_t advance = check_ == GrantCheck::shipped ? std::max(grant->sectors, sectors)
                                                                : grant->sectors - (sector - grant->start);
    if (advance >= sectors) return true;
    sector += advance;
    sectors -= advance;
  }
  return true;
}

BlockTranslation SegmentedDisks::translate(const MemoryDomain& domain, DeviceNumber device,
                                           BlockAccess access, std::uint32_t sector,
                                           std::uint32_t sectors) const {
  if (device.kind() == DeviceNumber::Kind::segment) {
    for (const DiskSegment& segment : segments_) {
      if (segment.mode == DiskSegment::Mode::unused || segment.domain != domain.id ||
          segment.number != device.index()) {
        continue;
      }
      if (access == BlockAccess::write && segment.mode != DiskSegment::Mode::read_write) {
        return {.error = BlockError::no_access};
      }
      return map_extents(segment.extents, sector, sectors);
    }
    return {.error = BlockError::no_device};
  }
  if (!disks_.contains(device)) return {.error = BlockError::no_device};
  if (!domain.privileged && !granted(domain.id, device, access, sector, sectors)) {
    return {.error = BlockError::no_access};
  }
  const DiskExtent whole{device, 0, UINT32_MAX};
  return map_extents({&whole, 1}, sector, sectors);
}

}  // namespace xensim
