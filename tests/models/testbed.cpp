#include "tests/models/testbed.hpp"

#include <fstream>

#include "core/json.hpp"
#include "tests/project_folder.hpp"

namespace xensim {

Json testbed_constants() {
  std::ifstream file(project_folder() / "experiments/calibration/dell2650.json");
  return Json::parse(file);
}

Calibration testbed_calibration() { return Calibration(testbed_constants()); }
Calibration testbed_calibration(const Json& overrides) {
  return testbed_calibration().with(Config(overrides));
}

}  // namespace xensim
