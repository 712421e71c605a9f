/// Files on the disk of a domain, and what the journal knows of them.
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

/// Runs the program for two seconds, in which no daemon writes by itself.
Values after(const Self::Body& body) {
  TestHost host({{"name", "xen"}, {"memory", "16 MiB"}, {"swap", "16 MiB"}, {"file_system", "64 MiB"}},
                {.audit = false});
  host.start(executes(body));
  host.run_until(2s);
  EXPECT_EQ(host.platform->audit(), "");
  return host.read();
}

TEST(WrittenFiles, WhoPlacesFilesLeavesWhatOthersHaveChangedToTheJournal) {
  const std::vector<Self::PlacedFile> files{{"/data/one", 1 << 20}};
  std::int64_t synchronized = -1;
  const Values values = after([&](Self self) -> Program {
    const std::int64_t file = co_await self.creat("/log");
    co_await self.write(file, 5000);
    co_await self.fsync(file);        // its inode is in the log, and to be written in place
    co_await self.write(file, 5000);  // and changes again
    co_await self.place_files(files, Bytes{0});
    synchronized = co_await self.fsync(file);
  });
  EXPECT_EQ(synchronized, 0);
  EXPECT_EQ(values.at("dom1/journal/commits"), 2);
}

TEST(WrittenFiles, MsyncPutsWhatAMappingChangedOnTheDisk) {
  double written = 0;
  const Values values = after([&](Self self) -> Program {
    const std::int64_t file = co_await self.creat("/file");
    for (int i = 0; i < 8; ++i) co_await self.write(file, page_size);
    co_await self.fsync(file);  // 8 pages
    const Address start{static_cast<std::uint32_t>(
        co_await self.mmap({.length = 8 * page_size,
                            .flags = AreaFlags::read | AreaFlags::write | AreaFlags::shared,
                            .file = file}))};
    co_await self.touch(start, 3, Access::write);
    written = static_cast<double>(co_await self.msync(start, 8 * page_size, Self::Synchronize::now));
  });
  EXPECT_EQ(written, 0);
  EXPECT_EQ(values.at("dom1/files/written"), 8 + 3);
}

}  // namespace
}  // namespace xensim
