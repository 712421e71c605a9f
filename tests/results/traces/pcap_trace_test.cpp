/// `--trace pcap:FILE`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "models/io/packet/frame.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/complaint.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

const EthernetFrame frame = udp_frame({}, {}, {1, 2}, 100);

std::size_t frames_in(const std::filesystem::path& path) {
  constexpr std::size_t header = 24, record = 16, known = 42;
  return (read_file(path)->size() - header) / (record + known);
}

void give_frames(TraceFile& trace) {
  trace.frame({2us, "eth0", frame.known(), frame.length()});
  trace.frame({1us, "eth0", frame.known(), frame.length()});
  trace.frame({1us, "dom1/vif0", frame.known(), frame.length()});
}

TEST(PcapTrace, KeepsTheFramesOfTheHostsInterfaceInOrderOfTime) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "frames.pcap";
  const auto trace = open_trace(parse_trace_request("pcap:" + path.string()));
  give_frames(*trace);
  EXPECT_FALSE(std::filesystem::exists(path));
  trace->finish();
  EXPECT_EQ(frames_in(path), 2U);
  const std::string text = *read_file(path);
  EXPECT_EQ(static_cast<unsigned char>(text[24 + 4]), 1000 & 0xff) << "nanoseconds of the first stamp";
}

TEST(PcapTrace, KeepsThoseOfAnotherInterfaceIfItIsNamed) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "frames.pcap";
  const auto trace = open_trace(parse_trace_request("pcap@dom1/vif0:" + path.string()));
  give_frames(*trace);
  trace->finish();
  EXPECT_EQ(frames_in(path), 1U);
}

TEST(PcapTrace, OfAnInterfaceThatNoFramePassedIsEmpty) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "frames.pcap";
  const auto trace = open_trace(parse_trace_request("pcap@dom1/vif1:" + path.string()));
  give_frames(*trace);
  trace->finish();
  EXPECT_EQ(frames_in(path), 0U);
}

TEST(PcapTrace, AKindWithoutInterfacesRefusesOne) {
  EXPECT_THAT(complaint_of([] { (void)open_trace(parse_trace_request("perfetto@eth0:file")); }),
              testing::HasSubstr("interface"));
}

}  // namespace
}  // namespace xensim
