#include "experiments/runner/command_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace xensim {

void check_names(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command->get_name());
  if (argc < 2 || argv[1][0] == '-') return;
  if (std::ranges::find(commands, argv[1]) == commands.end()) {
    throw InputError({}, fmt::format("unknown command \"{}\"", argv[1]), one_of(commands),
                     nearest(argv[1], commands));
  }
  std::vector<std::string> options, taking_values;
  for (const CLI::Option* option : app.get_subcommand(argv[1])->get_options()) {
    for (const std::string& name : option->get_lnames()) {
      options.push_back("--" + name);
      if (option->get_items_expected_max() > 0) taking_values.push_back(options.back());
    }
  }
  const auto is_in = [](const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i], name = argument.substr(0, argument.find('='));
    if (name == "--") return;
    if (name.starts_with("--") && !is_in(options, name)) {
      throw InputError({}, fmt::format("unknown option \"{}\"", name), one_of(options),
                       nearest(name, options));
    }
    if (!is_in(taking_values, argument)) continue;
    if (++i < argc && is_in(options, argv[i])) {
      throw InputError({.file = argument}, fmt::format("found \"{}\", another option", argv[i]), "a value");
    }
  }
}

}  // namespace xensim
