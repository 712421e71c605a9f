/// The experiment that shows recorded loads.
#include <gmock/gmock.h>

#include "tests/experiments/command_outcome.hpp"
#include "tests/project_folder.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(ReplayExample, DoesAllThatWasRecordedWhereverItIsStarted) {
  const TemporaryDirectory directory;
  const std::string file = (project_folder() / "experiments" / "replay.json").string();
  const std::string output = (directory.path() / "output").string();
  const Outcome outcome = xensim({"run", file.c_str(), "--output", output.c_str()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string metrics = *read_file(directory.path() / "output" / "metrics.csv");
  for (const char* const run : {"0,alone,0,", "1,reader,0,"}) {
    EXPECT_THAT(metrics, HasSubstr(std::string(run) + "database/replayed,requests,400\n"));
    EXPECT_THAT(metrics, HasSubstr(std::string(run) + "database/errors,requests,0\n"));
    EXPECT_THAT(metrics, HasSubstr(std::string(run) + "users/replay_sent,frames,119\n"));
    EXPECT_THAT(metrics, HasSubstr(std::string(run) + "server/udp_received,datagrams,119\n"));
  }
}

TEST(ReplayExample, SaysWhatIsInItsFilesWithoutARun) {
  const auto described = [](const char* name) {
    const std::string file = (project_folder() / "experiments" / "loads" / name).string();
    const Outcome outcome = xensim({"load", file.c_str()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_THAT(described("database.csv"),
              AllOf(HasSubstr("trace of disks"), HasSubstr("requests         400\n")));
  EXPECT_THAT(described("web.pcap"), AllOf(HasSubstr("pcap, nanoseconds"), HasSubstr("TCP")));
}

}  // namespace
}  // namespace xensim
