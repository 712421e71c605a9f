/// The testbed's drive.
#pragma once

#include <fstream>
#include <string>

#include "models/io/disk_parameters.hpp"

namespace xensim {

inline DiskParameters testbed_disk() {
  std::ifstream file(std::string(XENSIM_HOME) + "/experiments/calibration/dell2650.json");
  static const Json none = Json::object();
  return DiskParameters(Calibration(Json::parse(file), Config(none)));
}

inline double milliseconds(Time time) { return to_seconds(time) * 1e3; }

}  // namespace xensim
