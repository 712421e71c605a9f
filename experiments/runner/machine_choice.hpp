/// The machine that an experiment is on.
#pragma once

#include <memory>

#include "core/config.hpp"
#include "core/json.hpp"
#include "models/host/machine.hpp"

namespace xensim {

struct MachineChoice {
  MachineDescription machine;                    ///< named after the testbed that it is or differs from
  Json constants = Json::object();               ///< by name, as its own file changes them
  std::shared_ptr<const ConfigSource> source{};  ///< of the constants
};

/// From `"machine"`: the name of a testbed; an object of what differs from its `"base"`; or a file,
/// NAME.json, of such an object, which may change `"constants"` too. A base is a testbed or, in an
/// experiment, such a file, too. Files are relative to the experiment file; what an option gives, to where
/// xensim was started. Throws InputError, as read_machine and for an unknown name and a file that cannot be
/// read.
[[nodiscard]] MachineChoice choose_machine(const Config& experiment);

}  // namespace xensim
