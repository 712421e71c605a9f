/// What domains may reach on the physical disks: one of the releases' ways.
#pragma once

#include <cstdint>

#include "models/io/block/extent.hpp"
#include "models/memory/memory_domain.hpp"

namespace xensim {

class BlockDevices {
 public:
  virtual ~BlockDevices() = default;

  /// Where `sectors` sectors of a domain's device from `sector` on are, if it may access them so. Any
  /// arguments are allowed.
  [[nodiscard]] virtual BlockTranslation translate(const MemoryDomain& domain, DeviceNumber device,
                                                   BlockAccess access, std::uint32_t sector,
                                                   std::uint32_t sectors) const = 0;
};

}  // namespace xensim
