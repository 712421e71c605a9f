/// Commands of disks as comma-separated values.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

TEST(BlockTrace, HasALineForEachCommandInTheOrderOfTheirEnds) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "block_trace_test.csv";
  const auto trace = open_trace({.kind = "block", .file = path});
  trace->disk({.at = 5'000'250ns,
               .queued = 1us,
               .service = 4ms,
               .sector = 800,
               .sectors = 16,
               .disk = 0,
               .vcpu = VcpuId{3},
               .write = true});
  trace->disk({.at = 6ms, .queued = {}, .service = Time{1}, .sector = 8, .sectors = 8, .disk = 1});
  trace->disk({.at = 7ms, .queued = -1250ns, .service = 1us, .sector = 8, .sectors = 8, .disk = 1});
  trace->record({});
  trace->finish();
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(),
            "complete_us,domain,disk,operation,sector,sectors,queued_us,service_us\n"
            "5000.250000,3,0,write,800,16,1.000000,4000.000000\n"
            "6000.000000,,1,read,8,8,0.000000,0.000001\n"
            "7000.000000,,1,read,8,8,-1.250000,1.000000\n")
      << "no drive does the last, but a file that says so can be read";
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace xensim
