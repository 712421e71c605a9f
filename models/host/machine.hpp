/// A machine as described in an experiment: processors, caches, memory and what is attached to what.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/machine_graph.hpp"
#include "core/parameter.hpp"
#include "core/quantity.hpp"
#include "models/cpu/processor_shape.hpp"

namespace xensim {

/// A bus, disk or network interface, and the bus it hangs on (empty: it is the root).
struct AttachedPart {
  std::string name;
  std::string attached_to;
  std::int64_t mb_per_s = 0;  ///< capacity of the attachment in 10^6 bytes/s; 0: not stated
};

/// The bare hardware. Timing constants are not here but in the calibration file of the same name.
struct MachineDescription {
  std::string name = "dell2650";
  std::int64_t cpus = 2;
  Frequency clock{2'400'000};
  Bytes memory{std::int64_t{2} << 30};
  Bytes l1{std::int64_t{8} << 10};    ///< data cache, per processor
  Bytes l2{std::int64_t{512} << 10};  ///< per processor
  Bytes line{64};
  std::int64_t l2_ways = 8;
  bool cache_addresses = false;  ///< data caches line by line, in one colouring for each seed
  std::int64_t dtlb_entries = 64;
  bool tagged_tlb = false;  ///< translations know their address space; no i386 of the time
  std::vector<AttachedPart> buses, disks, nics;
};

/// Reads an object with any of the members above over `base`; lists replace those of the base. "base" and
/// "source" are left to the caller. Throws InputError for what no machine can be: zero processors, a line
/// larger than the cache, two parts with one name, an attachment to nothing, in a circle, or two roots.
[[nodiscard]] MachineDescription read_machine(const Config& config, const MachineDescription& base = {});

/// What each of its processors is like.
[[nodiscard]] ProcessorShape shape_of(const MachineDescription& machine);

/// All members, as `read_machine` reads them.
[[nodiscard]] Json write_machine(const MachineDescription& machine);

/// The JSON Schema of such an object.
[[nodiscard]] Json machine_schema();

/// Domains (or groups of processes) as `topology` draws them.
struct PlacedDomains {
  std::string name, kind;
  /// By processor: how many of their virtual processors run there.
  std::vector<std::int64_t> vcpus;
  static constexpr std::int64_t anywhere = -1;  ///< it may run there, no number being fixed
};

/// What domains have of their own, and what is outside.
struct OtherParts {
  std::vector<Part> parts;
  std::vector<Attachment> attachments;
};

/// Processors and memory hang on the root bus, if there is one; domains on processors.
/// Throws InputError as `read_machine`.
[[nodiscard]] MachineGraph machine_graph(const MachineDescription& machine,
                                         std::span<const PlacedDomains> domains = {},
                                         const OtherParts& others = {});

}  // namespace xensim
