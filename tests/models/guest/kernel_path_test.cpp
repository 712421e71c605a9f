/// The calibration file and the enumeration name the same paths.
#include "models/guest/kernel_path.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "core/config.hpp"

namespace xensim {
namespace {

Json kernel_paths() {
  std::ifstream file(std::string(XENSIM_HOME) + "/experiments/calibration/dell2650.json");
  return Json::parse(file).at("kernel_paths");
}

TEST(KernelPaths, HaveEachALengthOrAPriceAndNothingElseHas) {
  std::set<std::string> priced, named;
  const Json paths = kernel_paths();
  for (const auto& [name, constant] : paths.items()) {
    priced.insert(name);
    EXPECT_TRUE(constant.at("unit") == "instructions" || constant.at("unit") == "cycles") << name;
  }
  for (const std::string_view name : kernel_path_names) named.emplace(name);
  EXPECT_EQ(priced, named);
}

TEST(KernelPaths, HaveNamesOfTheirOwn) {
  const std::set<std::string_view> names(kernel_path_names.begin(), kernel_path_names.end());
  EXPECT_EQ(names.size(), kernel_path_count);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace xensim
