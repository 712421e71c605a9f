#include "workloads/recorded/packet_load.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "core/error.hpp"
#include "tests/complaint.hpp"
#include "workloads/numbered_datagrams.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A pcap file as others write it.
class File {
 public:
  explicit File(bool nanoseconds = false, bool big_endian = false, std::uint32_t link = 1)
      : big_endian_(big_endian) {
    word(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    word(big_endian ? 0x00020004 : 0x00040002);
    word(0).word(0).word(65535).word(link);
  }
  File& word(std::uint32_t value) {
    for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> 8 * (big_endian_ ? 3 - i : i) & 0xffU);
    return *this;
  }
  File& packet(std::uint32_t second, std::uint32_t fraction, std::uint32_t length,
               const std::string& captured = {}) {
    word(second).word(fraction).word(static_cast<std::uint32_t>(captured.size())).word(length);
    text += captured;
    return *this;
  }
  std::string text;

 private:
  bool big_endian_;
};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}
const std::string here = bytes({0, 6, 0x5b, 0, 0, 1}), there = bytes({2, 0, 0, 0, 0, 0});

/// Headers of an IPv4 packet from Ethernet's on.
std::string ipv4(const std::string& to, int protocol, int port, int fragment = 0) {
  return to + there + bytes({8, 0, 0x45, 0, 0, 0, 0, 0, 0, fragment, 64, protocol, 0, 0}) +
         std::string(8, '\1') + bytes({4, 0, port >> 8, port & 255, 0, 0, 0, 0});
}

RecordedPacketLoad parse(const std::string& text, const RecordedPacketOptions& options = {}) {
  std::istringstream input(text);
  return read_packet_load(input, "a.pcap", options);
}
std::string message(const std::string& text, const RecordedPacketOptions& options = {}) {
  return complaint_of([&] { (void)parse(text, options); });
}

TEST(PacketLoad, HasBothStampsInBothOrdersOfBytes) {
  for (const bool big_endian : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      const RecordedPacketLoad load = parse(File(nanoseconds, big_endian)
                                                .packet(1'700'000'000, 999'999, 60)
                                                .packet(1'700'000'001, 1, 1514)
                                                .text);
      ASSERT_EQ(load.frames.size(), 2U);
      EXPECT_EQ(load.format, nanoseconds ? "pcap, nanoseconds" : "pcap, microseconds");
      EXPECT_EQ(load.frames[0].at, Time{}) << "stamps count from the first";
      EXPECT_EQ(load.frames[1].at, nanoseconds ? Time{1s - 999'998ns} : Time{1s - 999'998us});
      EXPECT_EQ(load.frames[1].length, 1514) << "though nothing of it was captured";
    }
  }
}

TEST(PacketLoad, KnowsDirectionsByTheirHeaders) {
  const std::string text = File()
                               .packet(0, 0, 1000, ipv4(here, 6, 80))
                               .packet(0, 1, 200, ipv4(there, 17, 80))
                               .packet(0, 2, 300, ipv4(here, 17, 53))
                               .packet(0, 3, 60, here + there + bytes({8, 6}))
                               .packet(0, 4, 400, ipv4(here, 17, 53, 1))
                               .packet(0, 5, 500, here.substr(0, 3))
                               .text;
  const RecordedPacketLoad all = parse(text);
  EXPECT_EQ(all.tcp, 1U);
  EXPECT_EQ(all.udp, 3U);
  EXPECT_EQ(all.arp, 1U);
  EXPECT_EQ(all.other, 1U);
  EXPECT_EQ(all.cut, 6U);
  EXPECT_EQ(parse(text, {.mac = parse_mac("00:06:5B:00:00:01")}).frames.size(), 4U);
  EXPECT_EQ(parse(text, {.port = 80}).frames.size(), 2U);
  const RecordedPacketLoad one = parse(text, {.mac = parse_mac("00:06:5b:00:00:01"), .port = 53});
  ASSERT_EQ(one.frames.size(), 1U) << "a fragment that is not the first has no port";
  EXPECT_EQ(one.frames[0].length, 300);
  EXPECT_EQ(one.left_out, 5U);
  EXPECT_THAT(message(text, {.port = 81}),
              HasSubstr("a.pcap: found no frame to replay, 6 of other directions"));
}

TEST(PacketLoad, LooksBehindTagsAndTakesThemOff) {
  const std::string plain = ipv4(here, 17, 53);
  const std::string tagged = plain.substr(0, 12) + bytes({0x81, 0, 0, 7}) + plain.substr(12);
  const RecordedPacketLoad load = parse(File().packet(0, 0, 1518, tagged).text, {.port = 53});
  ASSERT_EQ(load.frames.size(), 1U);
  EXPECT_EQ(load.frames[0].length, 1514);
}

TEST(PacketLoad, ReadsPortsOfIpv6) {
  std::string headers =
      here + there + bytes({0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 6, 64}) + std::string(32, '\1');
  headers += bytes({4, 0, 0, 80});
  EXPECT_EQ(parse(File().packet(0, 0, 90, headers).text, {.port = 80}).tcp, 1U);
}

TEST(PacketLoad, MakesFramesOfWhatIsTooLongOrTooShort) {
  const RecordedPacketLoad load = parse(File().packet(0, 0, 42).packet(0, 5, 1460 * 2 + 10 + 54).text);
  ASSERT_EQ(load.frames.size(), 4U);
  EXPECT_EQ(load.frames[0].length, 60);
  EXPECT_EQ(load.frames[1].length, 1514);
  EXPECT_EQ(load.frames[2].length, 1514);
  EXPECT_EQ(load.frames[3].length, 64);
  EXPECT_EQ(load.frames[3].at, 5us);
  EXPECT_EQ(load.divided, 1U);
}

TEST(PacketLoad, PutsFramesInOrder) {
  const RecordedPacketLoad load = parse(File().packet(10, 0, 100).packet(9, 999'999, 200).text);
  EXPECT_EQ(load.frames[0].length, 200);
  EXPECT_EQ(load.frames[1].at, 1us);
}

TEST(PacketLoad, IsToldByItsBeginning) {
  for (const bool nanoseconds : {false, true}) {
    for (const bool big_endian : {false, true})
      EXPECT_TRUE(is_packet_load(File(nanoseconds, big_endian).text));
  }
  EXPECT_TRUE(is_packet_load("\x0a\x0d\x0d\x0a"));
  EXPECT_FALSE(is_packet_load("fio version 2 iolog"));
  EXPECT_FALSE(is_packet_load("\xd4\xc3"));
}

TEST(PacketLoad, IsReadInPart) {
  EXPECT_EQ(parse(File().packet(0, 0, 60).packet(0, 1, 60).text, {.most = 1}).frames.size(), 1U);
}

TEST(PacketLoad, SaysWhatIsWrongAndAtWhichByte) {
  EXPECT_THAT(message(""), HasSubstr("a.pcap: byte 0: found an empty file"));
  EXPECT_THAT(message("hallo, world"),
              HasSubstr("byte 4: found the word 0x6c6c6168; expected a pcap or pcapng file"));
  EXPECT_THAT(message("\x1f\x8b\x08\x01"), HasSubstr("a compressed file"));
  EXPECT_THAT(message(File().text.substr(0, 20)), HasSubstr("the end of the file in its header"));
  EXPECT_THAT(message(File(false, false, 113).text),
              HasSubstr("link type 113 (Linux, all interfaces together); expected 1, Ethernet"));
  EXPECT_THAT(message(File().text), HasSubstr("no frame to replay"));
  const std::string whole = File().packet(0, 0, 500, std::string(300, 'x')).text;
  EXPECT_THAT(
      message(whole.substr(0, 30)),
      AllOf(HasSubstr("byte 24: found the end of the file in a packet's header; expected 10 bytes more"),
            HasSubstr("editcap IN OUT copies the packets that are whole")));
  EXPECT_THAT(message(whole.substr(0, 60)), HasSubstr("byte 40: found the end of the file in a packet"));
  EXPECT_THAT(message(whole.substr(0, 40)), HasSubstr("byte 40: found the end of the file in a packet"));
  EXPECT_THAT(message(whole.substr(0, 300)), HasSubstr("byte 168: found the end of the file in a packet"));
  EXPECT_THAT(message(File().packet(0, 1'000'000, 60).text),
              HasSubstr("byte 40: found a fraction of 1000000; expected one below 1000000"));
  EXPECT_THAT(message(File().word(0).word(0).word(0xffffffff).word(0xffffffff).text),
              HasSubstr("a packet of 4294967295 bytes"));
  EXPECT_THAT(message(File().word(0).word(0).word(61).word(60).text), HasSubstr("61 bytes captured of 60"));
  EXPECT_THAT(message(File().packet(0, 0, 60).packet(4'000'000'000, 0, 60).text),
              HasSubstr("expected one within 50 days"));
}

TEST(PacketLoad, IsDescribed) {
  const Description rows = describe(parse(File().packet(5, 0, 60).packet(6, 0, 1000).text));
  const auto value = [&](const std::string& name) {
    const auto row = std::ranges::find(rows, name, &DescriptionRow::name);
    return row == rows.end() ? "no row " + name : row->value;
  };
  EXPECT_EQ(value("format"), "pcap, microseconds");
  EXPECT_EQ(value("packets"), "2");
  EXPECT_EQ(value("bytes"), "1060");
  EXPECT_EQ(value("duration"), "1.000000 s");
  EXPECT_EQ(value("rate"), "2.000 frames/s");
  EXPECT_EQ(text_of({{"packets", "2"}, {"of all", "1060"}}), "packets  2\nof all   1060\n");
}

TEST(EthernetAddresses, AreSixNumbersOfTwoDigits) {
  EXPECT_EQ(parse_mac("00:06:5b:00:00:ff"), (MacAddress{{0, 6, 0x5b, 0, 0, 0xff}}));
  for (const char* const wrong : {"", "00:06:5b:00:00", "00:06:5b:00:00:0", "00-06-5b-00-00-01",
                                  "00:06:5b:00:00:0g", "00:06:5b:00:00:01:"}) {
    EXPECT_THROW((void)parse_mac(wrong), InputError) << wrong;
  }
}

TEST(NumberedDatagrams, TellHowManyAreMissing) {
  NumberedDatagrams numbers;
  const Ipv4Address one = Ipv4Address::of(10, 128, 0, 1), other = Ipv4Address::of(10, 128, 0, 2);
  const auto missing = [&](Ipv4Address from, std::uint64_t number) {
    return numbers.missing(from, NumberedDatagrams::port_of(number));
  };
  EXPECT_EQ(missing(one, 0), 0U);
  EXPECT_EQ(missing(one, 3), 2U);
  EXPECT_EQ(missing(one, 4), 0U);
  EXPECT_EQ(missing(other, 1), 1U) << "each sender counts from 0";
  EXPECT_EQ(missing(one, 2), 0U) << "late, not lost";
  EXPECT_EQ(missing(one, 14'000), 13'995U);
  EXPECT_EQ(missing(one, 27'999), 13'998U);
  EXPECT_EQ(missing(one, 28'001), 1U) << "over the last number";
  EXPECT_EQ(numbers.missing(one, 53), 0U);
}

}  // namespace
}  // namespace xensim
