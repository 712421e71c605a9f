#include "models/host/device_choices.hpp"

#include <utility>

namespace xensim {

std::unique_ptr<BlockDevice> make_disk(const DeviceChoices& choices, std::uint32_t index,
                                       DiskParameters drive, Calendar& calendar,
                                       std::function<void()> interrupt) {
  drive.write_cache = choices.write_cache;
  if (index == 0) {
    drive.first_bad = static_cast<std::uint64_t>(choices.first_bad_sector);
    drive.bad_sectors = static_cast<std::uint64_t>(choices.bad_sectors);
  }
  return std::make_unique<BlockDevice>(calendar, drive, elevator_named(choices.elevator),
                                       std::move(interrupt));
}

}  // namespace xensim
