/// What an experiment chooses about the devices of a machine, whoever drives them.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/calendar.hpp"
#include "core/parameter.hpp"
#include "models/io/block_device.hpp"

namespace xensim {

/// The defaults are Xen's.
struct DeviceChoices {
  std::int64_t disks = 1;                              ///< of the machine
  Bytes swap{std::int64_t{1} << 30};                   ///< of each kernel
  Bytes file_system{std::int64_t{2} << 30};            ///< of each kernel
  bool write_cache = true;                             ///< of each disk
  std::string elevator = "early_linus";                ///< the order of requests to a disk
  std::int64_t first_bad_sector = 0, bad_sectors = 0;  ///< of the first disk
  std::int64_t mtu = 1500;                             ///< of a kernel's network interface
};

/// Adds the parameters of devices to those of a platform.
template <std::derived_from<DeviceChoices> Owner>
[[nodiscard]] ParameterTable<Owner> with_devices(ParameterTable<Owner> platform) {
  return std::move(platform)
      .add("disks", &Owner::disks, "of the machine; each kernel has a part of one",
           "Barham et al., SOSP 2003, section 4", {.minimum = 1, .maximum = 16})
      .add("swap", &Owner::swap, "swap partition of each kernel whose programs make system calls",
           "choice; at most what one partition can have in Linux 2.4",
           {.minimum = Bytes{4096}, .maximum = Bytes{std::int64_t{2} << 30}})
      .add("file_system", &Owner::file_system, "of each kernel, behind its swap partition", "choice",
           {.minimum = Bytes{std::int64_t{1} << 20}, .maximum = Bytes{std::int64_t{128} << 30}})
      .add("write_cache", &Owner::write_cache, "the disks acknowledge writes from their caches",
           "choice: off in many servers; the paper's OSDB-OLTP rate needs it on")
      .add("elevator", &Owner::elevator, "order of requests to a disk",
           "linus is Linux 2.4's, early_linus Xen 1.0's", {.choices = {"linus", "early_linus", "none"}})
      .add("first_bad_sector", &Owner::first_bad_sector, "of the first disk", "choice", {.minimum = 0})
      .add("bad_sectors", &Owner::bad_sectors, "of the first disk, that can be neither read nor written",
           "choice: none", {.minimum = 0})
      .add("mtu", &Owner::mtu, "longest IP packet of a kernel's network interface, in bytes",
           "Ethernet; the paper's ttcp uses 1500 and 500", {.minimum = 68, .maximum = 1500});
}

/// Disk number `index`, of a drive like `drive`, with its queue. `interrupt` is called, from the calendar,
/// when it has something to tell.
[[nodiscard]] std::unique_ptr<BlockDevice> make_disk(const DeviceChoices& choices, std::uint32_t index,
                                                     DiskParameters drive, Calendar& calendar,
                                                     std::function<void()> interrupt);

}  // namespace xensim
