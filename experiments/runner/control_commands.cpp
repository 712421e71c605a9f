#include "experiments/runner/control_commands.hpp"

#include <algorithm>

#include "core/parameter_info.hpp"
#include "experiments/runner/format.hpp"

namespace xensim {

const ControlCommand& command_named(std::string_view name) {
  return *std::ranges::find(control_commands, name, &ControlCommand::name);
}

std::vector<std::string> control_command_names() {
  std::vector<std::string> names;
  for (const ControlCommand& command : control_commands) names.emplace_back(command.name);
  return names;
}

std::vector<std::string> keys_of(const ControlCommand& command) {
  std::vector<std::string> keys;
  if (command.of_domain) keys.emplace_back("domain");
  for (const std::string_view key : {command.required_key, command.optional_key}) {
    if (!key.empty()) keys.emplace_back(key);
  }
  if (command.of_share) {
    for (const ParameterInfo& share : share_table().describe_all()) keys.push_back(share.name);
  }
  return keys;
}

}  // namespace xensim
