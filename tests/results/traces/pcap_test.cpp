#include "results/traces/pcap.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "models/io/packet/frame.hpp"
#include "results/atomic_file.hpp"
#include "tests/installed.hpp"
#include "tests/models/io/packet/time_stamp.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using Stamp = PcapOptions::Stamp;

const MacAddress here{{0xaa, 0, 0, 1, 2, 3}}, there{{0xaa, 0, 0, 4, 5, 6}};

EthernetFrame segment(std::uint32_t payload) {
  const Ipv4Header ip{.source = Ipv4Address::of(10, 0, 0, 1), .destination = Ipv4Address::of(10, 0, 0, 2)};
  const TcpHeader tcp{.source_port = 80,
                      .destination_port = 1024,
                      .sequence = 7,
                      .flags = TcpHeader::acknowledge,
                      .options = test::time_stamp(5, 6)};
  return tcp_frame({there, here}, ip, tcp, payload);
}

void write(PcapFile& file, Time at, const EthernetFrame& frame) {
  file.frame(at, frame.known(), frame.length());
}

std::string written(const PcapOptions& options, Time at, const EthernetFrame& frame) {
  const TemporaryDirectory directory;
  PcapFile file(directory.path() / "trace.pcap", options);
  write(file, at, frame);
  file.commit();
  return *read_file(directory.path() / "trace.pcap");
}

/// The little-endian word at `offset`.
std::uint32_t word(const std::string& text, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[offset + i]);
  return value;
}

TEST(Pcap, StartsWithTheHeaderOfTheFormat) {
  const std::string text = written({}, 0s, segment(0));
  EXPECT_EQ(text.substr(0, 24),
            std::string("\x4d\x3c\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\x60\0\0\0\x01\0\0\0", 24));
}

TEST(Pcap, StampsNanosecondsOrMicroseconds) {
  const Time at = 3s + 999'999'999ns + Time{999};
  const std::string fine = written({.stamp = Stamp::nanoseconds}, at, segment(0));
  EXPECT_EQ(word(fine, 24), 3U);
  EXPECT_EQ(word(fine, 28), 999'999'999U) << "never a whole second";
  const std::string coarse = written({.stamp = Stamp::microseconds}, at, segment(0));
  EXPECT_EQ(word(coarse, 0), 0xa1b2c3d4U);
  EXPECT_EQ(word(coarse, 28), 999'999U);
}

TEST(Pcap, KeepsNoMoreThanTheSnapLengthAndTellsTheTrueOne) {
  const std::string text = written({.snap_length = 54}, 0s, segment(1448));
  EXPECT_EQ(word(text, 32), 54U);
  EXPECT_EQ(word(text, 36), 1514U);
  EXPECT_EQ(text.size(), 24U + 16U + 54U);
}

TEST(Pcap, LeavesNothingBehindWithoutCommit) {
  const TemporaryDirectory directory;
  { PcapFile(directory.path() / "trace.pcap").frame(0s, {}, 60); }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::string output;
  std::array<char, 512> buffer{};
  while (pipe != nullptr &&
         std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get()) != nullptr) {
    output += buffer.data();
  }
  return output;
}

TEST(Pcap, TsharkReadsTimesLengthsAndPortsAndFindsEveryChecksumRight) {
  if (!is_installed("/usr/bin/tshark", "tshark")) GTEST_SKIP() << "tshark is not installed";
  const TemporaryDirectory directory;
  const auto path = directory.path() / "trace.pcap";
  PcapFile file(path, {.snap_length = 1514});
  write(file, 1'000'001ns, segment(0));
  // With its payload of zeros, so that tshark can sum all of it.
  const EthernetFrame full = segment(1448);
  std::vector<std::byte> bytes(full.known().begin(), full.known().end());
  bytes.resize(full.length());
  file.frame(2s, bytes, full.length());
  const Ipv4Header ip{.source = Ipv4Address::of(10, 0, 0, 1), .destination = Ipv4Address::of(10, 0, 0, 2)};
  write(file, 3s, udp_frame({there, here}, ip, {53, 5353}, 0));
  write(file, 4s,
        arp_frame({MacAddress::broadcast(), here},
                  {.sender_mac = here, .sender_ip = ip.source, .target_ip = ip.destination}));
  file.commit();

  const std::string command = fmt::format(
      "HOME={} /usr/bin/tshark -n -r {} -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o "
      "udp.check_checksum:TRUE -T fields -E separator=, -e frame.time_epoch -e frame.len -e ip.src -e "
      "tcp.dstport -e udp.dstport -e arp.dst.proto_ipv4 -e ip.checksum.status -e tcp.checksum.status -e "
      "udp.checksum.status -e tcp.options.timestamp.tsval 2>/dev/null",
      directory.path().string(), path.string());
  EXPECT_EQ(output_of(command),
            "0.001000001,66,10.0.0.1,1024,,,1,1,,5\n"
            "2.000000000,1514,10.0.0.1,1024,,,1,1,,5\n"
            "3.000000000,60,10.0.0.1,,5353,,1,,1,\n"
            "4.000000000,60,,,,10.0.0.2,,,,\n");
}

}  // namespace
}  // namespace xensim
