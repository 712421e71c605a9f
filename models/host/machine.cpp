#include "models/host/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "core/parameter_info.hpp"
#include "models/cpu/processor_shape.hpp"
#include "models/memory/line_placement.hpp"

namespace xensim {
namespace {

const ParameterTable<AttachedPart>& part_table() {
  static const auto table =
      ParameterTable<AttachedPart>{}
          .add("name", &AttachedPart::name, "unique among all parts of the machine", "")
          .add("attached_to", &AttachedPart::attached_to, "the bus it hangs on; none for the root bus", "")
          .add("mb_per_s", &AttachedPart::mb_per_s,
               "10^6 bytes/s that the attachment carries, for `topology` only (rates of devices are "
               "constants of "
               "the calibration); 0 if not stated",
               "", {.minimum = 0, .maximum = 1'000'000'000});
  return table;
}

const ParameterTable<MachineDescription>& table() {
  using M = MachineDescription;
  static const std::string testbed = "SOSP 2003 section 4: Dell 2650, two 2.4 GHz Xeons, 2 GB";
  static const std::string boot_log = "boot log of a Dell 2650 with 2.4 GHz Xeons, June 2003";
  static const auto parameters =
      ParameterTable<M>{}
          .add("cpus", &M::cpus, "physical processors", testbed, {.minimum = 1, .maximum = 1024})
          .add("clock", &M::clock, "clock rate of every processor", testbed,
               {.minimum = Frequency{1'000}, .maximum = Frequency{100'000'000}})
          .add("memory", &M::memory, "main memory", testbed,
               {.minimum = Bytes{1 << 20}, .maximum = Bytes{std::int64_t{1} << 50}})
          .add("l1", &M::l1, "first-level data cache of a processor", boot_log,
               {.minimum = Bytes{1 << 10}, .maximum = Bytes{1 << 30}})
          .add("l2", &M::l2, "second-level cache of a processor", boot_log,
               {.minimum = Bytes{1 << 10}, .maximum = Bytes{1 << 28}})
          .add("line", &M::line, "cache line; what kernels use stays in lines of 64 bytes",
               "Intel IA-32 optimization manual, 2003", {.minimum = Bytes{16}, .maximum = Bytes{4096}})
          .add("l2_ways", &M::l2_ways, "associativity of the second-level cache",
               "Intel IA-32 optimization manual, 2003", {.minimum = 1, .maximum = 64})
          .add("cache_addresses", &M::cache_addresses,
               "data caches are simulated line by line, with pages placed at random by the seed; else by "
               "footprints, the average over all colourings, which is faster",
               "choice")
          .add("dtlb_entries", &M::dtlb_entries, "entries of the data TLB",
               "Intel IA-32 optimization manual, 2003", {.minimum = 1, .maximum = 32767})
          .add("tagged_tlb", &M::tagged_tlb,
               "translations know their address space and survive a switch to another; no i386 of the time",
               "Intel IA-32 optimization manual, 2003");
  return parameters;
}

/// A list of attached parts of a machine, by its key.
struct Section {
  std::string key, kind;
  std::vector<AttachedPart> MachineDescription::*list;
};
const std::vector<Section>& sections() {
  static const std::vector<Section> list{{"buses", "bus", &MachineDescription::buses},
                                         {"disks", "disk", &MachineDescription::disks},
                                         {"nics", "nic", &MachineDescription::nics}};
  return list;
}

std::string capacity(const AttachedPart& part) {
  return part.mb_per_s == 0 ? "" : fmt::format("{} MB/s", part.mb_per_s);
}

/// Collects parts and attachments; `config`, if not null, says where they stand.
class GraphBuilder {
 public:
  GraphBuilder(const MachineDescription& machine, const Config* config) : machine_(machine), config_(config) {
    const AttachedPart* root = find_root();
    add({"memory", "memory", {}}, root);
    for (std::int64_t i = 0; i < machine.cpus; ++i) {
      add({fmt::format("cpu{}", i), "processor", {}}, root);
    }
    for (const Section& section : sections()) {
      for (std::size_t i = 0; i < (machine.*section.list).size(); ++i) add(section, i);
    }
  }

  void add(const PlacedDomains& domains) {
    parts_.push_back({domains.name, domains.kind, {}});
    for (std::size_t cpu = 0; cpu < domains.vcpus.size(); ++cpu) {
      if (domains.vcpus[cpu] == 0) continue;
      const std::string label =
          domains.vcpus[cpu] == PlacedDomains::anywhere ? "" : fmt::format("{} vCPUs", domains.vcpus[cpu]);
      attachments_.push_back({domains.name, fmt::format("cpu{}", cpu), label, {}});
    }
  }

  void add(const OtherParts& others) {
    parts_.insert(parts_.end(), others.parts.begin(), others.parts.end());
    attachments_.insert(attachments_.end(), others.attachments.begin(), others.attachments.end());
  }

  [[nodiscard]] MachineGraph build() && { return {std::move(parts_), attachments_}; }

 private:
  [[nodiscard]] Where where(const std::string& section, std::size_t index, std::string_view key) const {
    if (config_ == nullptr || !config_->has(section)) {
      return {.file = {}, .line = 0, .path = fmt::format("{}[{}]", section, index)};
    }
    const Config part = config_->at(section).at(index);
    return part.has(key) ? part.at(key).where() : part.where();
  }

  [[nodiscard]] const AttachedPart* find_root() const {
    const AttachedPart* root = nullptr;
    for (std::size_t i = 0; i < machine_.buses.size(); ++i) {
      const AttachedPart& bus = machine_.buses[i];
      if (!bus.attached_to.empty()) continue;
      if (root != nullptr) {
        throw InputError(where("buses", i, "name"), fmt::format("found a second root bus \"{}\"", bus.name),
                         fmt::format("\"attached_to\", since \"{}\" is the root", root->name));
      }
      root = &bus;
    }
    return root;
  }

  void add(Part part, const AttachedPart* root) {
    if (root != nullptr) attachments_.push_back({part.name, root->name, capacity(*root), {}});
    parts_.push_back(std::move(part));
  }

  void add(const Section& section, std::size_t index) {
    const AttachedPart& part = (machine_.*section.list)[index];
    parts_.push_back({part.name, section.kind, where(section.key, index, "name")});
    if (!part.attached_to.empty()) {
      attachments_.push_back(
          {part.name, part.attached_to, capacity(part), where(section.key, index, "attached_to")});
    } else if (section.key != "buses") {
      throw InputError(where(section.key, index, "name"),
                       fmt::format("found {} \"{}\" on no bus", section.kind, part.name), "\"attached_to\"");
    }
  }

  const MachineDescription& machine_;
  const Config* config_;
  std::vector<Part> parts_;
  std::vector<Attachment> attachments_;
};

std::vector<AttachedPart> read_parts(const Config& list) {
  list.require_array();
  std::vector<AttachedPart> parts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    (void)list.at(i).at("name");
    parts.push_back(part_table().read(list.at(i)));
  }
  return parts;
}

void check_caches(const MachineDescription& machine, const Config& config) {
  const auto place = [&](std::string_view key) { return config.has(key) ? config.at(key) : config; };
  if (!std::has_single_bit(static_cast<std::uint64_t>(machine.line.count))) {
    place("line").fail(fmt::format("lines of {}", format(machine.line)), "a power of two");
  }
  for (const auto& [key, size, ways] :
       {std::tuple{"l1", machine.l1, std::int64_t{l1_data_ways}}, {"l2", machine.l2, machine.l2_ways}}) {
    if (size.count % (machine.line.count * ways) != 0) {
      place(key).fail(fmt::format("{} of {}", format(size), key),
                      fmt::format("a multiple of {} lines of {}", ways, format(machine.line)));
    }
  }
  if (!machine.cache_addresses) return;
  constexpr std::int64_t line = LinePlacement::line_size;
  if (machine.line.count != line) {
    place("line").fail(fmt::format("lines of {}", format(machine.line)),
                       fmt::format("{} where caches go by addresses", format(Bytes{line})));
  }
  for (const auto& [key, size, set] : {std::tuple{"l1", machine.l1, line * l1_data_ways},
                                       {"l2", machine.l2, line * l2_lines_of_tag * machine.l2_ways}}) {
    if (size.count % set == 0 && std::has_single_bit(static_cast<std::uint64_t>(size.count / set))) continue;
    place(key).fail(fmt::format("{} of {}", format(size), key),
                    fmt::format("{} times a power of two where caches go by addresses", format(Bytes{set})));
  }
}

}  // namespace

MachineDescription read_machine(const Config& config, const MachineDescription& base) {
  static const std::vector<std::string> others{"base", "source", "buses", "disks", "nics"};
  MachineDescription machine = table().read(config, others, base);
  for (const Section& section : sections()) {
    if (config.has(section.key)) machine.*section.list = read_parts(config.at(section.key));
  }
  check_caches(machine, config);
  (void)GraphBuilder(machine, &config).build();
  return machine;
}

Json write_machine(const MachineDescription& machine) {
  Json object = table().write(machine);
  for (const Section& section : sections()) {
    Json& list = object[section.key] = Json::array();
    for (const AttachedPart& part : machine.*section.list) {
      Json member = part_table().write(part);
      if (part.attached_to.empty()) member.erase("attached_to");
      list.push_back(std::move(member));
    }
  }
  return object;
}

Json machine_schema() {
  Json schema = schema_of(table().describe_all());
  Json part = schema_of(part_table().describe_all());
  part["required"] = Json::array({"name"});
  for (const Section& section : sections()) {
    schema["properties"][section.key] = {
        {"type", "array"}, {"description", section.key + " of the machine"}, {"items", part}};
  }
  schema["properties"]["source"] = {{"type", "string"}, {"description", "where the description is from"}};
  return schema;
}

MachineGraph machine_graph(const MachineDescription& machine, std::span<const PlacedDomains> domains,
                           const OtherParts& others) {
  GraphBuilder builder(machine, nullptr);
  for (const PlacedDomains& placed : domains) builder.add(placed);
  builder.add(others);
  return std::move(builder).build();
}

ProcessorShape shape_of(const MachineDescription& machine) {
  const auto lines = [&](Bytes size) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, size.count / machine.line.count));
  };
  return {.clock = machine.clock,
          .line = machine.line,
          .l1_lines = lines(machine.l1),
          .l2_lines = lines(machine.l2),
          .l2_ways = static_cast<std::uint32_t>(machine.l2_ways),
          .tlb_entries = static_cast<std::uint32_t>(machine.dtlb_entries),
          .tlb_tagged = machine.tagged_tlb};
}

}  // namespace xensim
