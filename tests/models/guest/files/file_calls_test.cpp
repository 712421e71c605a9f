/// Where reads and writes of regular files begin, and where they leave them.
#include "models/guest/files/file_calls.hpp"

#include <gmock/gmock.h>

#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

using testing::ElementsAre;

const ProgramImage image{.path = "/bin/test", .dynamic = false};

Program executes(Self::Body main) { co_await Self{}.exec(image, main); }

/// What the calls that a program makes of the new file "/file" return.
using Results = std::vector<std::int64_t>;
template <class Body>
Results results(Body make_calls, OpenMode mode = {.create = true}) {
  ProcessFixture fixture;
  Results all;
  fixture.run(executes([&](Self self) -> Program {
    const std::int64_t file = co_await self.open("/file", mode);
    co_await make_calls(self, file, all);
  }));
  return all;
}

TEST(FileCalls, ReadsAndWritesGoOnWhereTheLastOneOrASeekHasLeftTheFile) {
  const auto make_calls = [](Self self, std::int64_t file, Results& all) -> Program {
    all.push_back(co_await self.write(file, 60));
    all.push_back(co_await self.write(file, 40));
    all.push_back(co_await self.read(file, 50));
    all.push_back(co_await self.lseek(file, 70));
    all.push_back(co_await self.read(file, 20));
    all.push_back(co_await self.read(file, 50));
    all.push_back(co_await self.lseek(file, 0, SeekFrom::here));
  };
  EXPECT_THAT(results(make_calls), ElementsAre(60, 40, 0, 70, 20, 10, 100));
}

TEST(FileCalls, ThoseThatSayWhereLeaveTheFileWhereItIs) {
  const auto make_calls = [](Self self, std::int64_t file, Results& all) -> Program {
    all.push_back(co_await self.pwrite(file, 100, 5000));
    all.push_back(co_await self.pread(file, 200, 4950));
    all.push_back(co_await self.lseek(file, 0, SeekFrom::here));
    all.push_back(co_await self.lseek(file, 0, SeekFrom::end));
  };
  EXPECT_THAT(results(make_calls), ElementsAre(100, 150, 0, 5100));
}

TEST(FileCalls, AppendingWritesGoToTheEndWhereverTheFileIs) {
  const auto make_calls = [](Self self, std::int64_t file, Results& all) -> Program {
    all.push_back(co_await self.write(file, 100));
    all.push_back(co_await self.lseek(file, 0));
    all.push_back(co_await self.write(file, 100));
    all.push_back(co_await self.lseek(file, 0, SeekFrom::end));
  };
  EXPECT_THAT(results(make_calls, {.create = true, .append = true}), ElementsAre(100, 0, 100, 200));
}

}  // namespace
}  // namespace xensim
