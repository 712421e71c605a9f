#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/io/packet/frame.hpp"
#include "tests/models/io/packet/octets.hpp"
#include "tests/models/io/packet/time_stamp.hpp"

namespace xensim {
namespace {

using test::octets;

/// A UDP packet's header, often printed as an example.
const std::vector<std::uint8_t> known_ip{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                         0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

const Ipv4Header known_ip_fields{.total_length = 0x73,
                                 .protocol = IpProtocol::udp,
                                 .source = Ipv4Address::of(192, 168, 0, 1),
                                 .destination = Ipv4Address::of(192, 168, 0, 199)};

MacAddress any_mac() {
  MacAddress mac;
  for (std::uint8_t& byte : mac.bytes) byte = *rc::gen::arbitrary<std::uint8_t>();
  return mac;
}
template <class Integer>
Integer any() {
  return *rc::gen::resize(100, rc::gen::arbitrary<Integer>());
}

Ipv4Header any_ip(IpProtocol protocol) {
  return {.service = any<std::uint8_t>(),
          .identification = any<std::uint16_t>(),
          .fragment = any<std::uint16_t>(),
          .time_to_live = any<std::uint8_t>(),
          .protocol = protocol,
          .source = {any<std::uint32_t>()},
          .destination = {any<std::uint32_t>()}};
}

TcpHeader any_tcp() {
  TcpHeader tcp{.source_port = any<std::uint16_t>(),
                .destination_port = any<std::uint16_t>(),
                .sequence = any<std::uint32_t>(),
                .acknowledgement = any<std::uint32_t>(),
                .flags = any<std::uint8_t>(),
                .window = any<std::uint16_t>(),
                .urgent_pointer = any<std::uint16_t>()};
  if (any<bool>()) tcp.options = test::time_stamp(any<std::uint32_t>(), any<std::uint32_t>());
  return tcp;
}

TEST(Ipv4, AKnownHeaderIsRead) { EXPECT_EQ(Ipv4Header::read(octets(known_ip)), known_ip_fields); }

TEST(Ipv4, AKnownHeaderIsWrittenWithItsChecksum) {
  std::vector<std::byte> bytes(20);
  known_ip_fields.write(bytes);
  EXPECT_EQ(bytes, octets(known_ip));
}

TEST(Ipv4, ADamagedHeaderIsNotRead) {
  for (std::size_t bit = 0; bit < known_ip.size() * 8; ++bit) {
    std::vector<std::uint8_t> damaged = known_ip;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(Ipv4Header::read(octets(damaged))) << "bit " << bit;
  }
}

TEST(Ipv4, APieceOfAHeaderIsNotRead) {
  const std::vector<std::byte> bytes = octets(known_ip);
  EXPECT_FALSE(Ipv4Header::read(std::span(bytes).first(19)));
}

TEST(Headers, ArbitraryBytesAreReadOrRefused) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& data) {
    const std::vector<std::byte> bytes = octets(data);
    (void)EthernetHeader::read(bytes);
    (void)Ipv4Header::read(bytes);
    (void)TcpHeader::read(bytes);
    (void)UdpHeader::read(bytes);
    (void)ArpPacket::read(bytes);
    if (bytes.size() >= 13) {
      const auto tcp = TcpHeader::read(bytes);
      RC_ASSERT(!tcp || tcp->length() <= bytes.size());
    }
  }));
}

TEST(Tcp, WhatIsWrittenIsReadAndIntactWhateverThePayload) {
  EXPECT_TRUE(rc::check([] {
    const TcpHeader tcp = any_tcp();
    const Ipv4Header ip = any_ip(IpProtocol::tcp);
    const auto payload = *rc::gen::inRange<std::uint32_t>(0, 1449);
    const EthernetFrame frame = tcp_frame({any_mac(), any_mac()}, ip, tcp, payload);
    RC_ASSERT(TcpHeader::read(frame.transport()) == tcp);
    const auto ip_read = Ipv4Header::read(frame.network());
    RC_ASSERT(ip_read.has_value());
    RC_ASSERT(ip_read->source == ip.source);
    RC_ASSERT(ip_read->payload_length() == tcp.length() + payload);
    std::vector<std::byte> segment(frame.transport().begin(), frame.transport().end());
    segment.resize(ip_read->payload_length());  // the payload, all zeros
    RC_ASSERT(TcpHeader::intact(segment, *ip_read));
    segment[any<std::uint8_t>() % segment.size()] ^= std::byte{0x10};
    RC_ASSERT(!TcpHeader::intact(segment, *ip_read));
  }));
}

TEST(Tcp, OptionsThatReachBeyondTheBytesAreRefused) {
  std::vector<std::byte> bytes(24);
  bytes[12] = std::byte{7 << 4};
  EXPECT_FALSE(TcpHeader::read(bytes));
  bytes[12] = std::byte{4 << 4};
  EXPECT_FALSE(TcpHeader::read(bytes)) << "shorter than a header";
  bytes[12] = std::byte{6 << 4};
  EXPECT_TRUE(TcpHeader::read(bytes));
}

TEST(Udp, WhatIsWrittenIsReadAndIntact) {
  EXPECT_TRUE(rc::check([] {
    const UdpHeader udp{any<std::uint16_t>(), any<std::uint16_t>()};
    const auto payload = *rc::gen::inRange<std::uint32_t>(0, 1473);
    const EthernetFrame frame = udp_frame({any_mac(), any_mac()}, any_ip(IpProtocol::udp), udp, payload);
    const auto read = UdpHeader::read(frame.transport());
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->source_port == udp.source_port);
    RC_ASSERT(read->length == UdpHeader::size + payload);
    RC_ASSERT(UdpHeader::intact(frame.transport(), *Ipv4Header::read(frame.network())));
  }));
}

TEST(Udp, AChecksumOfZeroIsWrittenAsOnes) {
  Ipv4Header ip{.total_length = 28, .protocol = IpProtocol::udp, .source = {0xffff0000 - 33}};
  std::vector<std::byte> bytes(8);
  bool found = false;
  for (std::uint32_t port = 0; port <= 0xffff && !found; ++port) {
    UdpHeader{static_cast<std::uint16_t>(port), 0, 8}.write(bytes, ip);
    const auto sum = load_network<std::uint16_t>(bytes, UdpHeader::checksum_offset);
    ASSERT_NE(sum, 0) << "which would say that there is none";
    found = sum == 0xffff;
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(UdpHeader::intact(bytes, ip));
}

TEST(Arp, WhatIsWrittenIsReadFromAPaddedFrame) {
  EXPECT_TRUE(rc::check([] {
    const ArpPacket arp{any<bool>() ? ArpPacket::Operation::request : ArpPacket::Operation::reply,
                        any_mac(),
                        {any<std::uint32_t>()},
                        any_mac(),
                        {any<std::uint32_t>()}};
    const EthernetFrame frame = arp_frame({MacAddress::broadcast(), arp.sender_mac}, arp);
    RC_ASSERT(EthernetHeader::read(frame.known())->type == EtherType::arp);
    RC_ASSERT(ArpPacket::read(frame.network()) == arp);
    RC_ASSERT(frame.length() == 60U);
  }));
}

TEST(Frame, AFullSegmentWithTimeStampsFillsTheFrame) {
  const TcpHeader tcp{.options = test::time_stamp(1, 2)};
  EXPECT_EQ(tcp_frame({}, {}, tcp, 1448).length(), EthernetHeader::max_frame);
}

TEST(Frame, AnAcknowledgementIsPaddedButItsPacketIsNot) {
  const EthernetFrame frame = tcp_frame({}, {}, TcpHeader{.flags = TcpHeader::acknowledge}, 0);
  EXPECT_EQ(frame.length(), 60U);
  EXPECT_EQ(Ipv4Header::read(frame.network())->total_length, 40);
}

TEST(Frame, KeepsTheFirstBytesOfALongOne) {
  const std::vector<std::byte> bytes(1514, std::byte{7});
  const EthernetFrame frame(bytes, 1514);
  EXPECT_EQ(frame.length(), 1514U);
  EXPECT_EQ(frame.known().size(), EthernetFrame::room);
}

}  // namespace
}  // namespace xensim
