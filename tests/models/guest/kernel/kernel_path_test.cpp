/// The calibration file and the enumeration name the same paths.
#include "models/guest/kernel/kernel_path.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/config.hpp"
#include "core/json.hpp"
#include "models/guest/kernel/kernel_path_costs.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

TEST(KernelPaths, HaveEachALengthOrAPriceAndNothingElseHas) {
  std::set<std::string> priced, named;
  const Json paths = testbed_constants().at("kernel_paths");
  for (const auto& [name, constant] : paths.items()) {
    priced.insert(name);
    EXPECT_TRUE(constant.at("unit") == "instructions" || constant.at("unit") == "cycles") << name;
  }
  for (const std::string_view name : kernel_path_names) named.emplace(name);
  named.erase("exchange");  // locks the bus like any operation that does
  EXPECT_EQ(priced, named);
  const Calibration calibration = testbed_calibration();
  const KernelPathCosts costs = kernel_path_costs(calibration, ProcessorCosts(calibration));
  EXPECT_EQ(costs[static_cast<std::size_t>(KernelPath::exchange)],
            costs[static_cast<std::size_t>(KernelPath::locked_operation)]);
}

TEST(KernelPaths, HaveNamesOfTheirOwn) {
  const std::set<std::string_view> names(kernel_path_names.begin(), kernel_path_names.end());
  EXPECT_EQ(names.size(), kernel_path_count);
  EXPECT_FALSE(names.contains(""));
}

TEST(KernelPaths, OfADisksCommandTakeTwelveThousandCyclesInAllWithHalfTheirCodeInTheTraceCache) {
  using enum KernelPath;
  const Calibration calibration = testbed_calibration();
  const ProcessorCosts processor(calibration);
  const KernelPathCosts costs = kernel_path_costs(calibration, processor);
  std::int64_t warm = 0, decoded = 0;
  // Of one page: from submit_bh over sd and the driver to the page's end.
  for (const KernelPath path : {block_submit, disk_command, device_interrupt, disk_completion, page_io_end}) {
    const auto index = static_cast<std::size_t>(path);
    warm += costs[index].count;
    decoded += costs.code_lines[index] * processor.trace_miss.count;
  }
  EXPECT_NEAR(static_cast<double>(warm + decoded / 2), 12000, 1200);
  EXPECT_LE(warm + decoded, 20000);
}

}  // namespace
}  // namespace xensim
