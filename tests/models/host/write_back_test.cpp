/// When what a domain's programs have written goes to the disk: Linux 2.4.21's limits and intervals.
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t mb = 1U << 20;

/// A domain of 32 MB whose program writes so much to one file and ends.
class WriteBackOf {
 public:
  explicit WriteBackOf(std::uint32_t bytes)
      : host_({{"name", "xen"}, {"memory", "32 MiB"}, {"swap", "16 MiB"}, {"file_system", "128 MiB"}},
              {.audit = false}) {
    host_.start(executes([bytes](Self self) -> Program {
      const std::int64_t file = co_await self.creat("/file");
      for (std::uint32_t done = 0; done < bytes; done += page_size) co_await self.write(file, page_size);
    }));
  }
  [[nodiscard]] double at(Time time, const std::string& statistic) {
    host_.run_until(time);
    EXPECT_EQ(host_.platform->audit(), "");
    return host_.read().at("dom1/" + statistic);
  }

 private:
  TestHost host_;
};

TEST(WriteBack, ATransactionIsCommittedFiveSecondsAfterItsFirstChange) {
  WriteBackOf kernel(page_size);
  EXPECT_EQ(kernel.at(4900ms, "journal/commits"), 0);
  EXPECT_EQ(kernel.at(4900ms, "files/written"), 0);
  EXPECT_EQ(kernel.at(5200ms, "journal/commits"), 1);
  EXPECT_EQ(kernel.at(5200ms, "files/written"), 1) << "data before the metadata that refer to them";
}

TEST(WriteBack, KupdateLooksEveryFiveSecondsForBuffersThirtySecondsOld) {
  WriteBackOf kernel(page_size);
  EXPECT_GT(kernel.at(6s, "files/dirty"), 0) << "the log has the metadata, their places not yet";
  EXPECT_EQ(kernel.at(34900ms, "files/aged"), 0);
  const double dirty = kernel.at(34900ms, "files/dirty");
  EXPECT_EQ(kernel.at(40500ms, "files/aged"), dirty);
  EXPECT_EQ(kernel.at(40500ms, "files/dirty"), 0);
}

TEST(WriteBack, BelowThirtyPercentOfLowMemoryNobodyWritesEarly) {
  WriteBackOf kernel(6 * mb);
  EXPECT_EQ(kernel.at(4s, "files/written"), 0);
  EXPECT_GE(kernel.at(4s, "files/dirty"), 6 * mb / page_size);
}

TEST(WriteBack, AboveThirtyPercentBdflushWritesUntilTwentyAreLeft) {
  WriteBackOf kernel(14 * mb);
  EXPECT_GT(kernel.at(4s, "files/flushed"), 0);
  EXPECT_EQ(kernel.at(4s, "files/by_writers"), 0) << "not sixty per cent";
  EXPECT_LT(kernel.at(4s, "files/dirty"), 0.2 * 32 * mb / page_size);
  EXPECT_GT(kernel.at(4s, "files/dirty"), 0.1 * 32 * mb / page_size) << "the rest waits for its time";
}

TEST(WriteBack, AboveSixtyPercentWritersWriteThemselves) {
  WriteBackOf kernel(64 * mb);
  EXPECT_GT(kernel.at(4s, "files/by_writers"), 0);
}

}  // namespace
}  // namespace xensim
