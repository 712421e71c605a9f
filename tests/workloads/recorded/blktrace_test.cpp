#include "workloads/recorded/blktrace.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "tests/complaint.hpp"
#include "tests/results/temporary_directory.hpp"
#include "tests/workloads/recorded/binary_text.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;
using test::BinaryText;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t reads = 1, writes = 2, flushes = 4, synchronous = 8, command = 512, notice = 1024,
                        discards = 8192;
constexpr std::uint32_t sda = 8U << 20, sdb = sda + 16;

/// A file as blktrace writes it on a machine of that order of bytes.
class Records {
 public:
  explicit Records(bool big_endian = false) : text_(big_endian) {}
  Records& add(std::uint64_t stamp, std::uint32_t category, std::uint64_t sector, std::uint32_t bytes,
               std::uint32_t device = sda, std::uint32_t action = 1, const std::string& behind = {}) {
    text_.word(0x65617407).word(++sequence_).pair(stamp).pair(sector).word(bytes);
    text_.word(action | category << 16).word(697).word(device).word(0).half(0);
    text_.half(static_cast<std::uint32_t>(behind.size())).raw(behind);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_.text; }

 private:
  BinaryText text_;
  std::uint32_t sequence_ = 0;
};

RecordedDiskLoad parse(const std::string& text, const RecordedDiskOptions& options = {}) {
  std::istringstream input(text);
  return read_disk_load(input, "trace", options);
}
std::string message(const std::string& text, const RecordedDiskOptions& options = {}) {
  return complaint_of([&] { (void)parse(text, options); });
}

TEST(Blktrace, TakesWhatWasQueuedInBothOrdersOfBytes) {
  for (const bool big_endian : {false, true}) {
    const std::string text = Records(big_endian)
                                 .add(0, notice, 0, 0, 0, 0, "kjournald")
                                 .add(1'000'000'000, writes, 8, 4096, sda, 15, "remap, 16 bytes:")
                                 .add(1'000'000'001, reads, 16, 4096)
                                 .add(1'000'000'005, writes | synchronous, 24, 8192)
                                 .add(1'000'000'006, writes | synchronous, 24, 8192, sda, 7)
                                 .add(1'000'000'007, writes | flushes, 0, 0)
                                 .add(1'000'000'008, discards | writes, 0, 0xfffffe00)
                                 .text();
    EXPECT_TRUE(is_disk_load(text));
    const RecordedDiskLoad load = parse(text);
    ASSERT_EQ(load.requests.size(), 4U);
    EXPECT_EQ(load.requests[0].offset, 16U * 512);
    EXPECT_EQ(load.requests[0].bytes, 4096U);
    EXPECT_EQ(load.requests[0].kind, Kind::read);
    EXPECT_EQ(load.requests[0].line, 3U) << "its record";
    EXPECT_EQ(load.requests[1].at, 4ns);
    EXPECT_EQ(load.requests[1].kind, Kind::write);
    EXPECT_EQ(load.requests[2].kind, Kind::flush);
    EXPECT_EQ(load.requests[3].kind, Kind::discard);
    EXPECT_EQ(load.synchronous, 1U);
    EXPECT_THAT(load.devices, ElementsAre("8,0"));
  }
}

TEST(Blktrace, FilesOfProcessorsAreMergedByTime) {
  const TemporaryDirectory directory;
  const auto file = [&](const char* name, const std::string& text) {
    const std::string path = (directory.path() / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  };
  const std::string first = Records().add(5'000, reads, 8, 512).add(9'000, reads, 16, 512).text();
  const std::string tenth = Records().add(2'000, reads, 24, 512).add(7'000, reads, 32, 512).text();
  const std::string zero = file("sda.blktrace.0", first), two = file("sda.blktrace.2", ""),
                    ten = file("sda.blktrace.10", tenth);
  (void)file("sdb.blktrace.0", first);
  (void)file("sda.blktrace.old", first);
  EXPECT_THAT(blktrace_files(zero), ElementsAre(zero, two, ten));
  EXPECT_THAT(blktrace_files("/nowhere/sda.blktrace.0"), ElementsAre("/nowhere/sda.blktrace.0"));
  EXPECT_THAT(blktrace_files("trace.csv"), ElementsAre("trace.csv"));
  for (const RecordedDiskLoad& load : {read_disk_load(zero), read_disk_load(ten), parse(first + tenth)}) {
    ASSERT_EQ(load.requests.size(), 4U);
    EXPECT_EQ(load.requests[0].offset, 24U * 512);
    EXPECT_EQ(load.requests[1].at, 3us);
    EXPECT_EQ(load.requests[3].at, 7us);
  }
  EXPECT_EQ(read_disk_load(zero, {.most = 3}).requests.back().at, 5us) << "the first three of all";
}

TEST(Blktrace, ChoosesADeviceAndCountsCommands) {
  const std::string text = Records()
                               .add(0, reads, 0, 512)
                               .add(1, reads, 8, 512, sdb)
                               .add(2, command | reads, 0, 36, sdb)
                               .add(3, command, 0, 0, sdb)
                               .text();
  EXPECT_THAT(message(text), HasSubstr("trace:2: found requests of devices 8,0 and 8,16"));
  const RecordedDiskLoad load = parse(text, {.device = "8,16"});
  EXPECT_EQ(load.requests.size(), 1U);
  EXPECT_EQ(load.commands, 2U);
  EXPECT_THAT(message(text, {.device = "8,1"}), HasSubstr("no request of device 8,1; expected 8,0 or 8,16"));
}

TEST(Blktrace, SaysWhatIsWrongAndAtWhichByte) {
  const std::string whole = Records().add(0, reads, 0, 512, sda, 1, "more").text();
  EXPECT_THAT(message(whole.substr(0, 40)), HasSubstr("byte 0: found the end of the file in a record"));
  EXPECT_THAT(message(whole.substr(0, 50)),
              HasSubstr("byte 48: found the end of the file in a record; expected 2"));
  EXPECT_THAT(message(whole + std::string(48, 'x')),
              HasSubstr("byte 100: found a record that begins with 0x78787878; expected 0x65617407"));
  EXPECT_THAT(message(Records().add(0, notice, 0, 0).text()), HasSubstr("found no request"));
  EXPECT_THAT(message(Records().add(0, reads, ~std::uint64_t{0}, 512).text()),
              HasSubstr("sector 18446744073709551615; expected 2^53 at most"));
  EXPECT_THAT(message(Records().add(0, reads, 0, 512).add(std::uint64_t{1} << 62, reads, 0, 512).text()),
              HasSubstr("expected one within 50 days"));
  EXPECT_THAT(message(Records().add(0, reads, 0, 512).add(std::uint64_t{1} << 63, reads, 0, 512).text()),
              HasSubstr("expected one within 50 days"));
}

}  // namespace
}  // namespace xensim
