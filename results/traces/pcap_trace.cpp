/// The trace kind "pcap": frames of one interface.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "results/traces/pcap.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

struct PcapParameters {
  std::string interface = "eth0";
};

class PcapTrace final : public TraceFile {
 public:
  PcapTrace(PcapParameters parameters, std::filesystem::path file)
      : interface_(std::move(parameters.interface)), file_(std::move(file)) {}

  void check(const TracedHost& host) const override {
    const std::vector<std::string>& known = host.interfaces;
    if (std::ranges::find(known, interface_) != known.end()) return;
    throw InputError({.path = "--trace"}, fmt::format("no network interface \"{}\"", interface_),
                     known.empty()       ? "a client, or a workload that uses the network"
                     : known.size() > 10 ? fmt::format("{} to {}", known.front(), known.back())
                                         : one_of(known),
                     nearest(interface_, known));
  }
  void record(const TraceRecord& /*record*/) override {}
  void frame(const FrameRecord& record) override {
    if (record.interface != interface_) return;
    Kept& kept = frames_.emplace_back();
    kept.at = record.at;
    kept.length = record.length;
    kept.known = static_cast<std::uint8_t>(std::min(record.bytes.size(), kept.bytes.size()));
    std::copy_n(record.bytes.begin(), kept.known, kept.bytes.begin());
  }

  void finish() override {
    // Each direction is in order by itself.
    std::stable_sort(frames_.begin(), frames_.end(),
                     [](const Kept& a, const Kept& b) { return a.at < b.at; });
    PcapFile file(file_);
    for (const Kept& kept : frames_)
      file.frame(kept.at, std::span(kept.bytes).first(kept.known), kept.length);
    file.commit();
  }

 private:
  static constexpr std::size_t snap_length = PcapOptions{}.snap_length;
  struct Kept {
    Time at{};
    std::uint32_t length = 0;
    std::uint8_t known = 0;
    std::array<std::byte, snap_length> bytes{};
  };
  std::string interface_;
  std::filesystem::path file_;
  std::vector<Kept> frames_;
};

const RegisterTraceFile<PcapTrace, PcapParameters> registered{
    "pcap", "frames of an interface, for tshark and Wireshark",
    ParameterTable<PcapParameters>{}.add("interface", &PcapParameters::interface,
                                         "whose frames: the host's, or a domain's such as dom1/vif0", "")};

}  // namespace
}  // namespace xensim
