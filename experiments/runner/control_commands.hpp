/// The verbs of control scripts, as experiment files write them.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "models/host/monitor/control_verb.hpp"

namespace xensim {

struct ControlCommand {
  ControlVerb verb;
  std::string_view name;            ///< in "do"
  bool of_domain = true;            ///< not of the machine: it takes a "domain"
  bool of_share = false;            ///< it takes the parameters of a share
  std::string_view required_key{};  ///< has no default
  std::string_view optional_key{};
};

/// In the order of the enumeration, which is that of messages and of the schema.
inline constexpr std::array control_commands{
    ControlCommand{ControlVerb::create, "create"},
    ControlCommand{ControlVerb::destroy, "destroy"},
    ControlCommand{ControlVerb::pause, "pause"},
    ControlCommand{ControlVerb::unpause, "unpause"},
    ControlCommand{.verb = ControlVerb::set_scheduler, .name = "set_scheduler", .of_share = true},
    ControlCommand{
        .verb = ControlVerb::set_slice, .name = "set_slice", .of_domain = false, .required_key = "slice"},
    ControlCommand{.verb = ControlVerb::limit_network,
                   .name = "limit_network",
                   .required_key = "bytes",
                   .optional_key = "interval"},
    ControlCommand{ControlVerb::connect, "connect"},
    ControlCommand{ControlVerb::disconnect, "disconnect"},
    ControlCommand{
        .verb = ControlVerb::add_rules, .name = "add_rules", .of_domain = false, .optional_key = "rules"},
    ControlCommand{.verb = ControlVerb::set_disk, .name = "set_disk", .required_key = "size"},
    ControlCommand{.verb = ControlVerb::set_memory, .name = "set_memory", .required_key = "memory"},
};
static_assert(
    [] {
      for (std::size_t i = 0; i < control_commands.size(); ++i) {
        if (control_commands[i].verb != static_cast<ControlVerb>(i)) return false;
      }
      return control_commands.size() == static_cast<std::size_t>(ControlVerb::count_);
    }(),
    "a command for every verb");

[[nodiscard]] constexpr const ControlCommand& command_of(ControlVerb verb) {
  return control_commands[static_cast<std::size_t>(verb)];
}

/// It must be one of control_command_names().
[[nodiscard]] const ControlCommand& command_named(std::string_view name);
/// What "do" can be.
[[nodiscard]] std::vector<std::string> control_command_names();
/// The keys that it takes besides "at" and "do".
[[nodiscard]] std::vector<std::string> keys_of(const ControlCommand& command);

}  // namespace xensim
