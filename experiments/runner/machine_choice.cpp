#include "experiments/runner/machine_choice.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/json_source.hpp"
#include "experiments/runner/format.hpp"

namespace xensim {
namespace {

MachineChoice read_machine_file(const std::filesystem::path& file) {
  auto [value, source] = read_json(file);
  Config(value, source).require_object();
  MachineChoice choice;
  choice.source = source;
  if (value.contains("constants")) choice.constants = value["constants"];
  value.erase("constants");
  const Config machine(value, source);
  const std::string base =
      machine.has("base") ? machine.at("base").choice("machine", machine_names()) : MachineDescription{}.name;
  choice.machine = read_machine(machine, named_machine(base));
  return choice;
}

/// What a string means that stands there.
MachineChoice named_choice(const Config& config, const Where& where) {
  const std::filesystem::path name = config.string();
  std::vector<std::string> known = machine_names();
  known.emplace_back("FILE.json");
  if (name.extension() != ".json") return {.machine = named_machine(config.choice("machine", known))};
  const bool is_beside = name.is_relative() && where.line > 0;  // what an option has given has no line
  const std::filesystem::path file =
      is_beside ? std::filesystem::path(where.file).parent_path() / name : name;
  std::error_code none;
  if (!std::filesystem::exists(file, none)) {
    throw InputError(where, fmt::format("found machine \"{}\", but no such file", shortened(file.string())),
                     one_of(known));
  }
  return read_machine_file(file);
}

}  // namespace

MachineChoice choose_machine(const Config& experiment) {
  MachineChoice choice{.machine = named_machine(MachineDescription{}.name)};
  if (!experiment.has("machine")) return choice;
  const Config machine = experiment.at("machine");
  if (machine.json().is_string()) return named_choice(machine, machine.where());
  machine.require_object();
  if (machine.has("base")) {
    const Config base = machine.at("base");
    Where where = base.where();
    // `--set machine.cpus=4` has made an object of a name, which still stands where that stood.
    if (where.line == 0 && where.file == machine.where().file) where = machine.where();
    choice = named_choice(base, where);
  }
  choice.machine = read_machine(machine, choice.machine);
  return choice;
}

}  // namespace xensim
