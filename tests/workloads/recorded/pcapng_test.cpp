#include <fmt/format.h>
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tests/complaint.hpp"
#include "tests/installed.hpp"
#include "tests/results/temporary_directory.hpp"
#include "tests/workloads/recorded/binary_text.hpp"
#include "workloads/recorded/packet_load.hpp"

namespace xensim {
namespace {

using test::BinaryText;
using testing::AllOf;
using testing::HasSubstr;

/// A section of a pcapng file and what is in it.
class Section {
 public:
  explicit Section(bool big_endian = false, std::uint32_t version = 1) : big_endian_(big_endian) {
    block(0x0a0d0d0a, numbers().word(0x1a2b3c4d).half(version).half(0).pair(~std::uint64_t{0}));
  }
  Section& block(std::uint32_t type, const BinaryText& body) {
    const auto length = static_cast<std::uint32_t>(body.text.size() + 12);
    text += numbers().word(type).word(length).raw(body.text).word(length).text;
    return *this;
  }
  Section& interface(const BinaryText& options, std::uint32_t link = 1, std::uint32_t snap = 0) {
    return block(1, numbers().half(link).half(0).word(snap).raw(options.text));
  }
  Section& interface() { return interface(numbers()); }
  Section& interface_of_resolution(unsigned resolution, std::uint64_t offset = 0) {
    return interface(numbers()
                         .half(2)
                         .half(4)
                         .raw("eth0")
                         .half(9)
                         .half(1)
                         .padded(std::string(1, static_cast<char>(resolution)))
                         .half(14)
                         .half(8)
                         .pair(offset)
                         .half(0)
                         .half(0));
  }
  Section& packet(std::uint32_t interface, std::uint64_t stamp, std::uint32_t length,
                  const std::string& captured = {}) {
    return block(6, numbers()
                        .word(interface)
                        .word(static_cast<std::uint32_t>(stamp >> 32))
                        .word(static_cast<std::uint32_t>(stamp))
                        .word(static_cast<std::uint32_t>(captured.size()))
                        .word(length)
                        .padded(captured));
  }
  Section& simple(std::uint32_t length, const std::string& captured = {}) {
    return block(3, numbers().word(length).padded(captured));
  }
  [[nodiscard]] BinaryText numbers() const { return BinaryText(big_endian_); }

  std::string text{};

 private:
  bool big_endian_;
};

RecordedPacketLoad parse(const std::string& text, const RecordedPacketOptions& options = {}) {
  std::istringstream input(text);
  return read_packet_load(input, "a.pcapng", options);
}
std::string message(const std::string& text) {
  return complaint_of([&] { (void)parse(text); });
}

TEST(Pcapng, HasMicrosecondsUnlessItSaysOtherwiseInBothOrdersOfBytes) {
  for (const bool big_endian : {false, true}) {
    const RecordedPacketLoad load = parse(Section(big_endian)
                                              .interface()
                                              .packet(0, 1'700'000'000'999'999, 60)
                                              .packet(0, 1'700'000'001'000'001, 1514, std::string(99, 'x'))
                                              .text);
    ASSERT_EQ(load.frames.size(), 2U);
    EXPECT_EQ(load.frames[0].at, Time{}) << "stamps count from the first";
    EXPECT_EQ(load.frames[1].at, 2us);
    EXPECT_EQ(load.frames[1].length, 1514);
    EXPECT_EQ(load.cut, 2U);
    EXPECT_EQ(load.format, "pcapng, 1 interface");
  }
}

TEST(Pcapng, InterfacesHaveTheirOwnResolutionsAndOffsets) {
  const auto before_1970 = static_cast<std::uint64_t>(std::int64_t{-5});
  for (const bool big_endian : {false, true}) {
    const RecordedPacketLoad load = parse(Section(big_endian)
                                              .interface_of_resolution(9, 100)
                                              .interface_of_resolution(0x80 | 20)
                                              .interface_of_resolution(3, before_1970)
                                              .interface_of_resolution(0)
                                              .packet(0, 1'000'000'001, 60)      // 101.000000001
                                              .packet(1, (101 << 20) + 512, 61)  // and 2^-11 s
                                              .packet(2, 106'001, 62)            // 101.001
                                              .packet(3, 102, 63)
                                              .text);
    ASSERT_EQ(load.frames.size(), 4U);
    EXPECT_EQ(load.frames[1].at, Time{488'281'250} - 1ns) << "to the picosecond";
    EXPECT_EQ(load.frames[2].at, 1ms - 1ns);
    EXPECT_EQ(load.frames[3].at, 1s - 1ns);
    EXPECT_EQ(load.format, "pcapng, 4 interfaces");
  }
}

TEST(Pcapng, SectionsFollowEachOtherInAnyOrderOfBytes) {
  const RecordedPacketLoad load =
      parse(Section(true).interface_of_resolution(9).packet(0, 1'000'000, 60).text +
            Section(false).interface().packet(0, 5'000, 61).text +
            Section(true).interface().packet(0, 6'000, 62).text);
  ASSERT_EQ(load.frames.size(), 3U);
  EXPECT_EQ(load.frames[1].at, 4ms);
  EXPECT_EQ(load.frames[2].at, 5ms);
  EXPECT_THAT(message(Section().interface().packet(0, 0, 60).text + Section().packet(0, 0, 60).text),
              HasSubstr("a packet of interface 0; expected one of the 0 that are described before"));
}

TEST(Pcapng, OtherBlocksAreSkipped) {
  Section file;
  file.block(0x0badcafe, file.numbers().raw("four").word(7)).interface();
  file.block(5, file.numbers().word(0)).packet(0, 0, 60).block(4, file.numbers());
  file.interface(file.numbers(), 113).packet(0, 9, 61);
  const RecordedPacketLoad load = parse(file.text);
  ASSERT_EQ(load.frames.size(), 2U) << "and interfaces of other links, as long as nothing came there";
  EXPECT_EQ(load.frames[1].at, 9us);
}

TEST(Pcapng, PacketsOfTheFirstKindAreRead) {
  for (const bool big_endian : {false, true}) {
    Section file(big_endian);
    file.interface().interface();
    file.block(2, file.numbers().half(1).half(77).word(1).word(2).word(4).word(60).raw("abcd"));
    EXPECT_EQ(parse(file.text).frames.size(), 1U);
  }
}

TEST(Pcapng, SimplePacketsComeWithTheOneBeforeThem) {
  Section file;
  file.interface(file.numbers(), 1, 40);
  const RecordedPacketLoad load = parse(file.simple(60, std::string(40, 'x'))
                                            .packet(0, 5'500'000, 61)
                                            .simple(30, std::string(30, 'x'))
                                            .packet(0, 6'000'000, 62)
                                            .text);
  ASSERT_EQ(load.frames.size(), 4U);
  EXPECT_EQ(load.frames[0].at, Time{});
  EXPECT_EQ(load.frames[1].at, Time{}) << "before the first time there is none but that";
  EXPECT_EQ(load.frames[2].at, Time{});
  EXPECT_EQ(load.frames[3].at, 500ms);
  EXPECT_EQ(load.untimed, 2U);
  EXPECT_EQ(load.cut, 3U) << "60 bytes, of which 40 are kept, and those of which nothing is";
}

TEST(Pcapng, SaysWhatIsWrongAndAtWhichByte) {
  Section file;
  file.interface();
  const std::string header = file.text, whole = file.packet(0, 0, 500, std::string(300, 'x')).text;
  EXPECT_THAT(message(whole.substr(0, 6)), HasSubstr("byte 4: found the end of the file in its header"));
  EXPECT_THAT(message(whole.substr(0, 10)), HasSubstr("the end of the file in a section's header"));
  for (const std::size_t size :
       {header.size() + 3, header.size() + 9, header.size() + 40, whole.size() - 2}) {
    EXPECT_THAT(message(whole.substr(0, size)),
                AllOf(HasSubstr("found the end of the file in a "), HasSubstr("bytes more; editcap IN OUT")))
        << size;
  }
  EXPECT_THAT(message(header), HasSubstr("no frame to replay"));
  EXPECT_THAT(message(Section(false, 2).text), HasSubstr("version 2 of pcapng; expected version 1"));
  EXPECT_THAT(message(header.substr(0, 8) + std::string(20, 'x')),
              HasSubstr("no order of bytes but 0x78787878"));
  EXPECT_THAT(message(whole.substr(0, whole.size() - 4) + std::string(4, '\0')),
              HasSubstr("a length of 0 behind a block; expected 332, as before it"));
  const BinaryText numbers(false);
  const auto rest = [&](std::initializer_list<std::uint32_t> words) {
    BinaryText text = numbers;
    for (const std::uint32_t word : words) text.word(word);
    return header + text.text;
  };
  EXPECT_THAT(message(rest({6, 11})), HasSubstr("a block of 11 bytes; expected at least 12"));
  EXPECT_THAT(message(rest({6, 14})), HasSubstr("a block of 14 bytes"));
  EXPECT_THAT(message(rest({6, 16, 0, 16})),
              HasSubstr("a packet's header of 20 bytes in a block that has 4 left"));
  EXPECT_THAT(message(rest({6, 32, 0, 0, 0, 8, 8, 32})),
              HasSubstr("a packet of 8 bytes in a block that has 0 left"));
  EXPECT_THAT(message(rest({6, 36, 0, 0, 0, 4, 3, 0, 36})), HasSubstr("4 bytes captured of 3"));
  EXPECT_THAT(message(rest({6, 36, 0, 0, 0, 4, 0xffffffff, 0, 36})),
              HasSubstr("a packet of 4294967295 bytes"));
  EXPECT_THAT(message(rest({6, 32, 0, 0xffffffff, 0, 0, 60, 32})), HasSubstr("no error"))
      << "microseconds of 64 bits";
  EXPECT_THAT(message(Section().interface_of_resolution(0).packet(0, std::uint64_t{1} << 63, 60).text),
              HasSubstr("a time of 9223372036854775808 s"));
  EXPECT_THAT(message(Section().interface_of_resolution(20).text), HasSubstr("time stamps of 10^-20 s"));
  EXPECT_THAT(message(Section().interface_of_resolution(0xc0).text), HasSubstr("time stamps of 2^-64 s"));
  EXPECT_THAT(message(Section().interface_of_resolution(6, std::uint64_t{1} << 50).text),
              HasSubstr("times from 1125899906842624 s on"));
  EXPECT_THAT(
      message(Section().interface(numbers, 276).packet(0, 0, 60).text),
      HasSubstr("link type 276 (Linux, all interfaces together) of interface 0; expected 1, Ethernet"));
  EXPECT_THAT(message(Section().interface().packet(0, 0, 60).packet(0, 4'000'000'000'000'000, 60).text),
              HasSubstr("expected one within 50 days"));
}

TEST(PcapngProperty, AnyStampOfAnyInterfaceIsReadToThePicosecond) {
  EXPECT_TRUE(rc::check("any packets", [] {
    const bool big_endian = *rc::gen::arbitrary<bool>();
    const auto decimals = *rc::gen::container<std::vector<unsigned>>(rc::gen::inRange(0U, 13U));
    RC_PRE(!decimals.empty());
    Section file(big_endian);
    for (const unsigned exponent : decimals) file.interface_of_resolution(exponent, 7);
    const auto picoseconds = *rc::gen::nonEmpty<std::vector<std::uint32_t>>();
    std::vector<Time> times;
    for (std::size_t i = 0; i < picoseconds.size(); ++i) {
      const std::size_t interface = i % decimals.size();
      std::uint64_t unit = 1;
      for (unsigned left = decimals[interface]; left < 12; ++left) unit *= 10;
      const std::uint64_t stamp = std::uint64_t{picoseconds[i]} * 1'000'000 / unit;
      file.packet(static_cast<std::uint32_t>(interface), stamp, 60);
      times.emplace_back(static_cast<std::int64_t>(stamp * unit));
    }
    std::ranges::sort(times);
    const RecordedPacketLoad load = parse(file.text);
    RC_ASSERT(load.frames.size() == times.size());
    for (std::size_t i = 0; i < times.size(); ++i) RC_ASSERT(load.frames[i].at == times[i] - times[0]);
  }));
}

/// Packets of all kinds, as tcpdump would have written them.
std::string any_capture(std::uint64_t seed, bool nanoseconds, bool big_endian) {
  RandomStream random(seed, "packets");
  const auto below = [&](std::uint64_t limit) { return static_cast<std::uint32_t>(random.below(limit)); };
  BinaryText text(big_endian);
  text.word(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4).half(2).half(4).word(0).word(0).word(200).word(1);
  std::uint32_t second = 1'700'000'000;
  for (std::uint32_t i = 0; i < 50; ++i) {
    second += below(3);
    const std::uint32_t length = 14 + below(9000), captured = std::min<std::uint32_t>(length, 200);
    std::string bytes(captured, '\0');
    for (char& byte : bytes) byte = static_cast<char>(below(256));
    constexpr char types[4][2] = {
        {8, 0}, {8, 6}, {static_cast<char>(0x81), 0}, {static_cast<char>(0x86), static_cast<char>(0xdd)}};
    const char* const type = types[below(4)];
    bytes[12] = type[0];
    bytes[13] = type[1];
    text.word(second)
        .word(below(nanoseconds ? 1'000'000'000 : 1'000'000))
        .word(captured)
        .word(length)
        .raw(bytes);
  }
  return text.text;
}

TEST(PcapngProperty, ACaptureThatEditcapConvertsHasTheSamePackets) {
  if (!is_installed("/usr/bin/editcap", "tshark")) GTEST_SKIP() << "editcap is not installed";
  const TemporaryDirectory directory;
  const std::string from = (directory.path() / "a.pcap").string(),
                    to = (directory.path() / "a.pcapng").string();
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    std::ofstream(from, std::ios::binary) << any_capture(seed, seed % 2 == 0, seed % 4 < 2);
    const std::string command = fmt::format("HOME={} /usr/bin/editcap -F pcapng {} {} 2>/dev/null",
                                            directory.path().string(), from, to);
    ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): the tool that the test is about
    const RecordedPacketLoad here = read_packet_load(from), there = read_packet_load(to);
    EXPECT_EQ(there.format, "pcapng, 1 interface");
    ASSERT_EQ(here.frames.size(), there.frames.size());
    for (std::size_t i = 0; i < here.frames.size(); ++i) {
      EXPECT_EQ(here.frames[i].at, there.frames[i].at);
      EXPECT_EQ(here.frames[i].length, there.frames[i].length);
    }
    for (const auto count : {&RecordedPacketLoad::tcp, &RecordedPacketLoad::udp, &RecordedPacketLoad::arp,
                             &RecordedPacketLoad::other, &RecordedPacketLoad::cut})
      EXPECT_EQ(here.*count, there.*count);
  }
}

}  // namespace
}  // namespace xensim
