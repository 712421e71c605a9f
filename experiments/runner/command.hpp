/// The `xensim` command.
#pragma once

namespace xensim {

/// Parses the arguments, does what they say and returns the exit code: 0 done, 1 the simulation found a
/// failure, 2 bad usage or bad input, 130 interrupted. Throws nothing; complaints go to standard error as
/// one message. Prints no colours, so `NO_COLOR` has nothing to change.
[[nodiscard]] int run_command(int argc, const char* const* argv);

}  // namespace xensim
