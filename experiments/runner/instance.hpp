/// One of the domains, or groups of processes, that an experiment runs.
#pragma once

#include <string>
#include <vector>

#include "models/cpu/schedulers/scheduler.hpp"
#include "models/guest/processes/program.hpp"

namespace xensim {

/// An instance of a template and the programs that it begins with.
struct Instance {
  std::string name;  ///< TEMPLATE/NUMBER
  SchedulingShare share;
  std::vector<Program> programs;
  bool later = false;  ///< the control script starts it

  /// `TEMPLATE/`, under which the metrics of all its instances stand.
  [[nodiscard]] std::string path() const { return name.substr(0, name.find('/') + 1); }
};

}  // namespace xensim
