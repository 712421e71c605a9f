/// What a program may ask of the kernel it runs on.
#pragma once

#include <variant>

#include "core/program.hpp"
#include "core/time.hpp"
#include "models/memory/working_set.hpp"

namespace xensim {

/// Execute instructions that take `work` when the caches hold all that the program can keep there and
/// nothing interrupts. `working_set` must outlive the operation.
struct Compute {
  Time work{};
  const WorkingSet* working_set = nullptr;
};

/// Sleep for at least `duration`: the kernel rounds up to whole ticks and adds one (Linux 2.4 nanosleep).
struct Sleep {
  Time duration{};
};

/// Anything else: a request that lives in the program until it is done (see Self).
class Call;

/// A program that returns exits.
using Operation = std::variant<Compute, Sleep, Call*>;
using Program = BasicProgram<Operation>;

}  // namespace xensim
