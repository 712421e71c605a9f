/// What an experiment chooses about the disks of a machine, whoever drives them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/calendar.hpp"
#include "core/quantity.hpp"
#include "models/io/block_device.hpp"

namespace xensim {

struct DiskChoices {
  std::int64_t disks = 1;  ///< of the machine
  bool write_cache = true;
  std::string elevator = "early_linus";                ///< the order of requests to a disk; Xen 1.0's
  Bytes file_system{std::int64_t{2} << 30};            ///< behind each swap partition
  std::int64_t first_bad_sector = 0, bad_sectors = 0;  ///< of the first disk
};

/// Disk number `index`, of a drive like `drive`, with its queue. `interrupt` is called, from the calendar,
/// when it has something to tell.
[[nodiscard]] std::unique_ptr<BlockDevice> make_disk(const DiskChoices& choices, std::uint32_t index,
                                                     DiskParameters drive, Calendar& calendar,
                                                     std::function<void()> interrupt);

}  // namespace xensim
