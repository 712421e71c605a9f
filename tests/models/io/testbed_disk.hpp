/// The testbed's drive.
#pragma once

#include <string>

#include "models/io/disk_parameters.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {

inline DiskParameters testbed_disk() { return DiskParameters(testbed_calibration()); }

inline double milliseconds(Time time) { return to_seconds(time) * 1e3; }

}  // namespace xensim
