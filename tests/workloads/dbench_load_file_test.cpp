#include "workloads/dbench_load_file.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "core/error.hpp"
#include "tests/complaint.hpp"
#include "tests/installed.hpp"

namespace xensim {
namespace {

using Kind = DbenchOperation::Kind;
using testing::HasSubstr;

DbenchLoadFile parse(const std::string& text, std::uint64_t most = 0) {
  std::istringstream input(text);
  return {input, "load.txt", most};
}
std::string message(const std::string& text) {
  return complaint_of([&] { (void)parse(text); });
}

const std::string opened = "NTCreateX \"\\clients\\client1\\a\" 0x40 0x2 17 NT_STATUS_OK\n";

TEST(DbenchLoadFile, HasOneOperationALine) {
  const DbenchLoadFile file =
      parse(opened +
            "WriteX 17 65534 1 1 NT_STATUS_OK\n"
            "# a comment\n\n"
            "Rename \"\\clients\\client1\\a\" \"\\clients\\client1\\b c\" NT_STATUS_OK\n"
            "Unlink \"\\clients\\client1\\x\" 0x6 NT_STATUS_OBJECT_NAME_NOT_FOUND\n");
  ASSERT_EQ(file.operations().size(), 4U);
  const DbenchOperation& write = file.operations()[1];
  EXPECT_EQ(write.kind, Kind::write);
  EXPECT_EQ(write.handle, 17U);
  EXPECT_EQ(write.offset, 65534U);
  EXPECT_EQ(write.bytes, 1U);
  EXPECT_TRUE(write.succeeds);
  EXPECT_FALSE(file.operations()[3].succeeds);
  EXPECT_EQ(file.operations()[3].line, 6U);
}

TEST(DbenchLoadFile, GivesEachClientDirectoriesOfItsOwn) {
  const DbenchLoadFile file = parse(opened + "Mkdir \"\\clients\\client12\" NT_STATUS_OK\n");
  EXPECT_EQ(file.paths(7), (std::vector<std::string>{"/clients/client7/a", "/clients/client12"}));
}

TEST(DbenchLoadFile, CanBeReadInPart) {
  EXPECT_EQ(parse(opened + opened + opened, 2).operations().size(), 2U);
}

TEST(DbenchLoadFile, NamesFileLineAndTheNearestOperationForAMistake) {
  const std::string error = message(opened + "RaedX 17 0 1 1 NT_STATUS_OK\n");
  EXPECT_THAT(error, HasSubstr("load.txt:2: found "));
  EXPECT_THAT(error, HasSubstr("operation \"RaedX\""));
  EXPECT_THAT(error, HasSubstr("did you mean \"ReadX\"?"));
}

TEST(DbenchLoadFile, SaysWhatIsMissingOrTooMuch) {
  EXPECT_THAT(message(opened + "ReadX 17 0 NT_STATUS_OK\n"), HasSubstr("expected a number of bytes"));
  EXPECT_THAT(message(opened + "Close 17\n"),
              HasSubstr("load.txt:2: found the end of the line; expected a status"));
  EXPECT_THAT(message(opened + "Close 17 NT_STATUS_OK 5\n"), HasSubstr("behind the status"));
  EXPECT_THAT(message("Mkdir \\a NT_STATUS_OK\n"), HasSubstr("a path in double quotes"));
  EXPECT_THAT(message("Mkdir \"\\a NT_STATUS_OK\n"), HasSubstr("a path in double quotes"));
  EXPECT_THAT(message(""), HasSubstr("no operation"));
}

TEST(DbenchLoadFile, SaysWhatIsNoText) {
  EXPECT_THAT(message("\x1f\x8b\x08 and so on"), HasSubstr("load.txt:1: found a compressed file"));
  EXPECT_THAT(message(opened + std::string(1'000'000, '\0')),
              HasSubstr("load.txt:2: found a line of more than 65535"));
  const std::string binary = message(std::string("\x07\x1b[2J", 5));
  EXPECT_THAT(binary, HasSubstr(R"(operation "\x07\x1b[2J")"));
  EXPECT_THAT(message(std::string(1000, 'x')), HasSubstr("xxx...\"; expected "));
}

TEST(DbenchLoadFile, ReadsLinesHoweverTheyEnd) {
  EXPECT_EQ(parse("Mkdir \"a\" NT_STATUS_OK\r\n\nMkdir \"b\" NT_STATUS_OK").operations().size(), 2U);
  EXPECT_EQ(parse("Mkdir \"a\" NT_STATUS_OK\n").operations().size(), 1U);
}

TEST(DbenchLoadFile, RefusesHandlesThatAreNotOpen) {
  EXPECT_THAT(message("Close 5 NT_STATUS_OK\n"), HasSubstr("load.txt:1: found handle 5"));
  EXPECT_THAT(message(opened + "Close 17 NT_STATUS_OK\nFlush 17 NT_STATUS_OK\n"), HasSubstr("load.txt:3"));
}

TEST(DbenchLoadFile, RefusesFilesOfTheFirstDbench) {
  EXPECT_THAT(message("SMBntcreateX \"a\" 1 NT_STATUS_OK\n"), HasSubstr("of dbench 1"));
}

TEST(DbenchLoadFile, SaysWhereToGetOneThatIsMissing) {
  EXPECT_THAT(complaint_of([] { (void)DbenchLoadFile::read("/nowhere/client.txt"); }),
              HasSubstr("Debian's package dbench"));
}

TEST(DbenchLoadFile, OfTheDebianPackageHasItsKnownContents) {
  const char* const path = "/usr/share/dbench/client.txt";
  if (!is_installed(path, "dbench")) GTEST_SKIP() << "the package is not installed";
  const DbenchLoadFile file = DbenchLoadFile::read(path);
  EXPECT_EQ(file.operations().size(), 458344U);
  std::uint64_t read = 0, written = 0;
  for (const DbenchOperation& operation : file.operations()) {
    if (operation.kind == Kind::read) read += operation.moved;
    if (operation.kind == Kind::write) written += operation.moved;
  }
  EXPECT_EQ(read, 1472088767U);
  EXPECT_EQ(written, 1015974170U);
}

}  // namespace
}  // namespace xensim
