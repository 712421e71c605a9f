#include "workloads/recorded/disk_load.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "core/error.hpp"
#include "tests/complaint.hpp"
#include "workloads/recorded/disk_target.hpp"

namespace xensim {
namespace {

using Kind = RecordedRequest::Kind;
using testing::AllOf;
using testing::HasSubstr;

RecordedDiskLoad parse(const std::string& text, const RecordedDiskOptions& options = {}) {
  std::istringstream input(text);
  return read_disk_load(input, "load", options);
}
std::string message(const std::string& text, const RecordedDiskOptions& options = {}) {
  return complaint_of([&] { (void)parse(text, options); });
}
std::string value(const Description& rows, const std::string& name) {
  for (const DescriptionRow& row : rows) {
    if (row.name == name) return row.value;
  }
  return "no row " + name;
}
/// The message of whatever `what` throws.
template <class What>
std::string complaint(What&& what) {
  return complaint_of([&] { what(); });
}

const std::string third = "fio version 3 iolog\n0 /a add\n2 /a open\n";
const std::string second = "fio version 2 iolog\n/a add\n/a open\n";
const std::string header = "complete_us,domain,disk,operation,sector,sectors,queued_us,service_us\n";

TEST(FioIolog, OfVersionThreeHasATimeOnEachLine) {
  const RecordedDiskLoad load = parse(third +
                                      "128 /a read 4096 512\n"
                                      "1128 /a write 0 4294967295\n"
                                      "1129 /a sync 0 0\n"
                                      "1130 /a trim 8192 4096\n"
                                      "1131 /a close\n");
  ASSERT_EQ(load.requests.size(), 4U);
  EXPECT_EQ(load.requests[0].at, Time{}) << "times count from the first request";
  EXPECT_EQ(load.requests[0].offset, 4096U);
  EXPECT_EQ(load.requests[0].bytes, 512U);
  EXPECT_EQ(load.requests[0].line, 4U);
  EXPECT_EQ(load.requests[1].at, 1ms);
  EXPECT_EQ(load.requests[1].bytes, 4294967295U);
  EXPECT_EQ(load.requests[2].kind, Kind::flush);
  EXPECT_EQ(load.requests[3].kind, Kind::discard);
  EXPECT_EQ(load.files, std::vector<std::string>{"/a"});
}

TEST(FioIolog, OfVersionTwoWaitsSinceTheLastWait) {
  const std::string text =
      second + "/a wait 100\n/a read 0 512\n/a wait 250 0\n/a write 0 512\n/a read 0 512\n";
  const RecordedDiskLoad load = parse(text), milliseconds = parse(text, {.unit = 1ms});
  EXPECT_EQ(load.requests[1].at, 250us) << "microseconds, unless somebody says otherwise";
  EXPECT_EQ(load.requests[2].at, 250us);
  EXPECT_EQ(milliseconds.requests[1].at, 250ms);
}

TEST(FioIolog, WithoutWaitsGivesTheOrderAlone) {
  const RecordedDiskLoad load = parse(second + "/a read 0 512\n/a read 512 512\n");
  EXPECT_FALSE(load.has_times);
  EXPECT_EQ(value(describe(load), "duration"), "not recorded");
}

TEST(FioIolog, NamesAreAddedAndOpenedBeforeTheyAreUsed) {
  EXPECT_THAT(message("fio version 2 iolog\n/a read 0 512\n"),
              HasSubstr("load:2: found file \"/a\"; expected one that a line above adds"));
  EXPECT_THAT(message("fio version 2 iolog\n/a add\n/a read 0 512\n"),
              HasSubstr("load:3: found file \"/a\"; expected one that a line above opens"));
  EXPECT_THAT(message(second + "/a close\n/a read 0 512\n"), HasSubstr("load:5"));
}

TEST(FioIolog, NamesAreTakenFromTheRootOnHoweverTheyArePutTogether) {
  const auto name_of = [](const std::string& name) {
    return parse("fio version 2 iolog\n" + name + " add\n" + name + " open\n" + name + " read 0 1\n")
        .files[0];
  };
  EXPECT_EQ(name_of("./b~x"), "/b~x");
  EXPECT_EQ(name_of("/mnt//job.0.0"), "/mnt/job.0.0") << "fio --directory=/mnt/ writes it so";
  EXPECT_EQ(name_of("../data/./job.0.0"), "/data/job.0.0");
  EXPECT_EQ(
      parse("fio version 2 iolog\nx add\n/x add\nx open\n/x open\nx read 0 1\n/x read 0 1\n").files.size(),
      1U);
  for (const char* const name : {"/", "..", "/a/..", "/a/"}) {
    EXPECT_THAT(message(std::string("fio version 2 iolog\n") + name + " add\n"),
                HasSubstr("load:2: found file name"))
        << name;
  }
  EXPECT_THAT(message("fio version 2 iolog\n/a/\x1b[2J/ add\n"), HasSubstr("\\x1b[2J"));
  EXPECT_THAT(message("fio version 2 iolog\n/" + std::string(5000, 'x') + " add\n"),
              HasSubstr("at most 4095 bytes"));
  std::string many = "fio version 2 iolog\n";
  for (int i = 0; i < 1001; ++i) many += std::to_string(i) + " add\n";
  EXPECT_THAT(message(many), HasSubstr("load:1002: found more than 1000 names"));
}

TEST(FioIolog, ASyncOfARangeIsASync) {
  const RecordedDiskLoad load = parse(third + "3 /a write 0 4096\n9 /a sync_file_range 4096 0\n");
  ASSERT_EQ(load.requests.size(), 2U);
  EXPECT_EQ(load.requests[1].kind, Kind::flush);
}

TEST(FioIolog, IsOfOneJob) {
  const std::string log = third + "5 /a read 0 512\n";
  EXPECT_THAT(message(log + log),
              AllOf(HasSubstr("load:5: found the beginning of another log"), HasSubstr("a file of its own")))
      << "fio appends to a file that is there";
  EXPECT_THAT(message(log + "8fio version 3 iolog\n"),
              HasSubstr("load:5: found the beginning of another log"))
      << "jobs that write one file cut each other's lines";
}

TEST(FioIolog, AFileCanBeChosen) {
  const std::string text =
      "fio version 2 iolog\n/a add\nb add\n/a open\nb open\n/a read 0 512\nb write 0 1024\n/a close\n";
  EXPECT_EQ(value(describe(parse(text)), "files"), "2: /a /b");
  for (const char* const name : {"b", "/b"}) {
    const RecordedDiskLoad load = parse(text, {.device = name});
    ASSERT_EQ(load.requests.size(), 1U) << name;
    EXPECT_EQ(load.requests[0].bytes, 1024U);
    EXPECT_EQ(load.requests[0].file, 0);
    EXPECT_EQ(load.files, std::vector<std::string>{"/b"});
  }
  EXPECT_THAT(message(text, {.device = "/c"}), HasSubstr("no request of device /c; expected /a or /b"));
}

TEST(FioIolog, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(message("fio version 1 iolog\n"),
              AllOf(HasSubstr("load:1: found \"fio version 1 iolog\""), HasSubstr("version 3")));
  EXPECT_THAT(message(second + "/a wriet 0 512\n"),
              AllOf(HasSubstr("load:4: found action \"wriet\""), HasSubstr("did you mean \"write\"?")));
  EXPECT_THAT(message(second + "/my file add\n"), HasSubstr("names have no blanks"));
  EXPECT_THAT(message(second + "/a read 0\n"),
              HasSubstr("load:4: found the end of the line; expected a length in bytes"));
  EXPECT_THAT(message(second + "/a read -1 512\n"), HasSubstr("\"-1\"; expected an offset"));
  EXPECT_THAT(message(second + "/a read 0 0\n"), HasSubstr("a length of 0"));
  EXPECT_THAT(message(second + "/a read 0 4294967296\n"), HasSubstr("at most 4294967295"));
  EXPECT_THAT(message(second + "/a read 99999999999999999999999 1\n"), HasSubstr("at most"));
  EXPECT_THAT(message(second + "/a read 0 512 7\n"), HasSubstr("\"7\" behind the last number"));
  EXPECT_THAT(message(third + "5 /a wait 7\n"), HasSubstr("load:4: found a wait"));
  EXPECT_THAT(message(third + "/a read 0 512\n"), HasSubstr("expected a time since the start"));
  EXPECT_THAT(message(third + "9999999999999999999 /a read 0 1\n"), HasSubstr("at most 100 days"));
  EXPECT_THAT(message(second + "/a wait 8000000000000\n/a wait 8000000000000\n"),
              HasSubstr("load:5: found waits of more than 106 days"));
  EXPECT_THAT(message(second), HasSubstr("load: found no request"));
}

const std::string trace =
    "Input file sda.blktrace.0 added\n"
    "  8,0    3        1     1.000000001   697  G   W 223490 + 8 [kjournald]\n"
    "  8,0    3        2     1.000000001   697  A  WS 9 + 8 <- (8,1) 1\n"
    "  8,0    3        3     1.000000002   697  Q   R 16 + 8 [a b]\n"
    "  8,0    3        4     1.000000003   697  P   N [kjournald]\n"
    "  8,0    3        0     1.000000004     0  m   N cfq510 slice expired t=0\n"
    "  8,0    1        5     2.500000002   697  Q  WS 24 + 16 [x]\n"
    "  8,0    1        6     2.500000003   697  Q FWS [x]\n"
    "  8,0    1        7     2.500000004   697  Q   D 0 + 8388607 [x]\n"
    "  8,0    1        8     2.500000005     0  C   R 16 + 8 [0]\n"
    "CPU0 (8,0):\n Reads Queued:  2, 8KiB\n";

TEST(Blkparse, TakesWhatWasQueued) {
  const RecordedDiskLoad load = parse(trace);
  ASSERT_EQ(load.requests.size(), 4U);
  EXPECT_EQ(load.requests[0].offset, 16U * 512);
  EXPECT_EQ(load.requests[0].bytes, 8U * 512);
  EXPECT_EQ(load.requests[0].kind, Kind::read);
  EXPECT_EQ(load.requests[1].at, 1500ms) << "to the nanosecond, from the first request";
  EXPECT_EQ(load.requests[1].kind, Kind::write);
  EXPECT_EQ(load.requests[2].kind, Kind::flush);
  EXPECT_EQ(load.requests[3].kind, Kind::discard);
  EXPECT_EQ(load.requests[3].bytes, 4294966784U);
  EXPECT_TRUE(load.files.empty());
  EXPECT_EQ(load.synchronous, 2U);
}

TEST(Blkparse, TakesAFlushBeforeDataForTheDataAlone) {
  const RecordedDiskLoad load =
      parse("8,0 0 1 0.5 1 Q FWFS 8 + 8 [x]\n8,0 0 1 0.5 1 Q FN [x]\n8,0 0 1 0.5 1 Q N 36 [x]\n");
  ASSERT_EQ(load.requests.size(), 2U);
  EXPECT_EQ(load.requests[0].kind, Kind::write);
  EXPECT_EQ(load.requests[1].kind, Kind::flush);
}

TEST(Blkparse, AsksWhichDeviceIfThereAreSeveral) {
  const std::string two = trace.substr(0, trace.find("CPU0")) + "  8,16 1 9 2.6 697 Q R 0 + 8 [x]\n";
  EXPECT_THAT(message(two),
              HasSubstr("load:11: found requests of devices 8,0 and 8,16; expected the parameter device"));
  EXPECT_EQ(parse(two, {.device = "8,16"}).requests.size(), 1U);
  EXPECT_THAT(message(two, {.device = "8,32"}),
              HasSubstr("no request of device 8,32; expected 8,0 or 8,16; did you mean \"8,0\"?"));
}

TEST(Blkparse, CommandsForTheDeviceAreNoRequests) {
  const RecordedDiskLoad load = parse(
      "8,0 0 1 0.5 1 Q R 36 [smartd]\n8,0 0 2 0.6 1 Q R 36 (12 00 00 00 24 00 ..) [smartd]\n"
      "8,0 0 3 0.7 1 Q N 0 [smartd]\n8,0 0 4 0.8 1 Q R 8 + 8 [x]\n");
  EXPECT_EQ(load.requests.size(), 1U);
  EXPECT_EQ(value(describe(load), "commands"), "3, left out");
}

TEST(Blkparse, SaysWhichActionsATraceHasInsteadOfRequests) {
  EXPECT_THAT(
      message("8,0 0 1 0.5 1 D R 8 + 8 [x]\n8,0 0 2 0.6 0 C R 8 + 8 [0]\n8,0 0 3 0.7 1 D R 9 + 8 [x]\n"),
      HasSubstr("load: found no action Q, only D C; expected requests that were queued"));
}

TEST(RecordedDiskLoad, OfSeveralDevicesCanBeDescribed) {
  const std::string text = "8,0 0 1 0.5 1 Q R 8 + 8 [x]\n8,16 0 2 0.6 1 Q R 8 + 8 [x]\n";
  const Description rows = describe(parse(text, {.all_devices = true}));
  EXPECT_EQ(value(rows, "devices"), "8,0 8,16");
  EXPECT_EQ(value(rows, "requests"), "2");
}

TEST(RecordedDiskLoad, IsToldByItsBeginning) {
  EXPECT_TRUE(is_disk_load(third));
  EXPECT_TRUE(is_disk_load("fio version 9"));
  EXPECT_TRUE(is_disk_load(header));
  EXPECT_TRUE(is_disk_load(trace));
  EXPECT_TRUE(is_disk_load("  8,0    3 "));
  for (const char* const other :
       {"", "8", "8,", "8,0", ",0 ", "task,run_us,block_us", "8,x 1", "{}", "a,1 "}) {
    EXPECT_FALSE(is_disk_load(other)) << other;
  }
}

TEST(Blkparse, PutsInOrderWhatProcessorsWroteLate) {
  const RecordedDiskLoad load = parse("8,0 0 1 0.5 1 Q R 8 + 8 [x]\n8,0 1 1 0.25 1 Q R 0 + 8 [x]\n");
  EXPECT_EQ(load.requests[0].offset, 0U);
  EXPECT_EQ(load.requests[1].at, 250ms);
}

TEST(Blkparse, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(message("8,0 0 1 0.5 1 Z R 8 + 8 [x]\n"), HasSubstr("load:1: found action \"Z\""));
  EXPECT_THAT(message("8,0 0 1 0.5 1 Q RQ 8 + 8 [x]\n"), HasSubstr("kind of request \"RQ\""));
  EXPECT_THAT(message("8,0 0 1 0.5 1 Q R 8\n"), HasSubstr("load:1: found the end of the line; expected +"));
  EXPECT_THAT(message("8,0 0 1 0.5 1 Q R 8 + 0 [x]\n"), HasSubstr("0 sectors"));
  EXPECT_THAT(message("8,0 0 1 0.5 1 Q R 8 + 8388608 [x]\n"), HasSubstr("at most 8388607"));
  EXPECT_THAT(message("8,0 0 1 0.5 1 Q R 18446744073709551615 + 8 [x]\n"),
              HasSubstr("at most 9007199254740992"));
  EXPECT_THAT(message("8,0 0 1 0.0000000000001 1 Q R 8 + 8 [x]\n"), HasSubstr("no finer than a picosecond"));
  EXPECT_THAT(message("8,0 0 1 -0.5 1 Q R 8 + 8 [x]\n"), HasSubstr("expected a time in seconds"));
  for (const char* const device : {"8", "8,", ",0", "8,0,1", "a,b", "8,99999999"}) {
    EXPECT_THAT(message("8,0 0 1 0.5 1 Q R 8 + 8 [x]\n" + std::string(device) + " 0 1 0.5 1 Q R 8 + 8 [x]\n"),
                HasSubstr("load:2: found \"" + std::string(device) + "\"; expected a device"))
        << device;
  }
  EXPECT_THAT(message("root:x:0\n"), HasSubstr("load:1: found \"root:x:0\"; expected an iolog of fio"));
  EXPECT_THAT(message(""), HasSubstr("an empty file"));
  EXPECT_THAT(message("\x1f\x8b\x08"), HasSubstr("a compressed file"));
  EXPECT_THAT(message(std::string(100'000, '\0')), HasSubstr("load:1: found a line of more than 65535"));
}

TEST(BlockCsv, GivesWhenTheOldestBufferOfACommandCame) {
  const RecordedDiskLoad load = parse(header +
                                      "9000.000003,1,0,read,8,16,1000.000001,2000.000001\n"
                                      "9500,,0,write,0,8,9400.5,0\n");
  EXPECT_EQ(load.requests[0].kind, Kind::write) << "in the order in which they came, not were done";
  EXPECT_EQ(load.requests[1].at, Time{6'000'000'001 - 99'500'000}) << "to the picosecond";
  EXPECT_EQ(load.requests[1].bytes, 16U * 512);
}

TEST(BlockCsv, ChoosesADiskOrADomainsPartOfIt) {
  const std::string text = header + "10,1,0,read,0,8,1,1\n20,2,0,read,8,8,1,1\n30,2,1,read,16,8,1,1\n";
  EXPECT_THAT(message(text), HasSubstr("load:4: found requests of devices 0 and 1"));
  EXPECT_EQ(parse(text, {.device = "0"}).requests.size(), 2U);
  EXPECT_EQ(parse(text, {.device = "2,0"}).requests.size(), 1U);
}

TEST(BlockCsv, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(message("complete_us,domain\n"),
              HasSubstr("load:1: found \"complete_us,domain\"; expected the line"));
  EXPECT_THAT(message(header + "10,x,0,read,0,8,1,1\n"),
              HasSubstr("load:2: found \"x\"; expected a domain's number"));
  EXPECT_THAT(message(header + "10,1,0,raed,0,8,1,1\n"), HasSubstr("operation \"raed\""));
  EXPECT_THAT(message(header + "10,1,0,read,0,8,1\n"),
              HasSubstr("the end of the line; expected how long it took"));
  EXPECT_THAT(message(header + "10,1,0,read,0,8,1,\n"), HasSubstr("\"\"; expected how long it took"));
  EXPECT_THAT(message(header + "10,1,0,read,0,8,1,1,5\n"), HasSubstr("behind it"));
  EXPECT_THAT(message(header + "10,1,0,read,0,8,6,6\n"), HasSubstr("before the beginning"));
  EXPECT_THAT(message(header + "10,1,0,read,0,8,1,1."), HasSubstr("\"1.\""));
}

TEST(RecordedDiskLoad, IsReadInPart) {
  EXPECT_EQ(parse(second + "/a read 0 512\n/a read 0 512\nnonsense\n", {.most = 1}).requests.size(), 1U);
}

TEST(RecordedDiskLoad, ReadsLinesHoweverTheyEnd) {
  EXPECT_EQ(
      parse("fio version 2 iolog\r\n/a add\r\n/a open\r\n\r\n/a read 0 512\r\n/a read 0 512").requests.size(),
      2U);
}

TEST(RecordedDiskLoad, IsDescribed) {
  const Description rows =
      describe(parse(third + "0 /a read 0 512\n1000000 /a write 4096 1024\n2000000 /a sync\n"));
  EXPECT_EQ(value(rows, "format"), "fio iolog, version 3");
  EXPECT_EQ(value(rows, "requests"), "3");
  EXPECT_EQ(value(rows, "bytes read"), "512");
  EXPECT_EQ(value(rows, "bytes written"), "1024");
  EXPECT_EQ(value(rows, "flushes"), "1");
  EXPECT_EQ(value(rows, "ends at offset"), "5120");
  EXPECT_EQ(value(rows, "duration"), "2.000000 s");
  EXPECT_EQ(value(rows, "rate"), "1.500 requests/s");
}

TEST(RecordedDiskLoad, OfAFileThatIsNotThereIsRefused) {
  EXPECT_THAT(complaint([] { (void)read_disk_load("/nowhere/load"); }),
              HasSubstr("/nowhere/load: found no such file"));
}

TEST(DiskTarget, FilesAreAsLargeAsTheirRequestsNeed) {
  const RecordedDiskLoad load = parse(
      second + "/dev/sdb add\n/dev/sdb open\n/a read 8192 100\n/a write 0 512\n/dev/sdb read 512 512\n");
  const DiskTarget target(load, "load", false);
  EXPECT_TRUE(target.has_raw());
  EXPECT_FALSE(target.is_raw(0));
  EXPECT_EQ(target.size_of(0), 8292U);
  EXPECT_TRUE(target.is_raw(1));
  EXPECT_TRUE(DiskTarget(load, "load", true).is_raw(0));
  EXPECT_THAT(complaint([&] { DiskTarget(load, "load", true).fit(100, 0, false); }),
              HasSubstr("load:6: found 100 bytes at 8192 of a raw disk; expected whole sectors"));
  const RecordedDiskLoad absurd = parse(second + "/a read 4611686018427387904 512\n");
  EXPECT_THAT(complaint([&] { (void)DiskTarget(absurd, "load", false); }),
              HasSubstr("load:4: found a request that ends at byte"));
}

TEST(DiskTarget, PlacesBehindTheDiskAreErrorsOrWrap) {
  const RecordedDiskLoad load =
      parse(second + "/a read 0 1024\n/a read 51200 1024\n/a read 102400 1024\n/a read 102000128 512\n");
  DiskTarget target(load, "load", true);
  EXPECT_THAT(
      complaint([&] { target.fit(150, 0, false); }),
      HasSubstr(
          "load:6: found a request of 2 sectors at 200; expected places on the guest's disk of 150 sectors"));
  EXPECT_THAT(complaint([&] { target.fit(202, 1, false); }),
              HasSubstr("load:4: found sector 0; expected sectors from the origin on, 1"));
  EXPECT_THAT(complaint([&] { target.fit(1, 0, true); }), HasSubstr("load:4: found a request of 2 sectors"));
  EXPECT_THAT(complaint([&] { target.fit(-1, 0, true); }), HasSubstr("without that disk"));
  target.fit(101, 0, true);
  EXPECT_EQ(target.place_of(load.requests[0]), 0U);
  EXPECT_EQ(target.place_of(load.requests[1]), 99U * 512) << "moved to where it ends with the disk";
  EXPECT_EQ(target.place_of(load.requests[2]), 99U * 512) << "200 modulo 101";
}

}  // namespace
}  // namespace xensim
