/// Names on the command line.
#pragma once

#include <CLI/CLI.hpp>

namespace xensim {

/// Throws InputError, with the nearest valid name, at a misspelt subcommand or option, and at an option that
/// stands where another's value should: before the parser complains in its own words.
void check_names(const CLI::App& app, int argc, const char* const* argv);

}  // namespace xensim
