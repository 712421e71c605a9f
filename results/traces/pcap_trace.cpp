/// The trace kind "pcap": frames of one interface.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "results/traces/pcap.hpp"
#include "results/traces/time_order.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

struct PcapParameters {
  std::string interface = "eth0";
};

class PcapTrace final : public TraceFile {
 public:
  PcapTrace(PcapParameters parameters, const std::filesystem::path& file)
      : interface_(std::move(parameters.interface)), file_(file) {}

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
    Kept kept;
    kept.length = record.length;
    kept.known = static_cast<std::uint8_t>(std::min(record.bytes.size(), kept.bytes.size()));
    std::copy_n(record.bytes.begin(), kept.known, kept.bytes.begin());
    kept.at = record.at;
    frames_.add(record.at, kept);  // each direction is in order by itself
    frames_.take_before(settled(), [this](const Kept& settled) { write(settled); });
  }

  void finish() override {
    frames_.take_all([this](const Kept& settled) { write(settled); });
    file_.commit();
  }

 private:
  static constexpr std::size_t snap_length = PcapOptions{}.snap_length;
  struct Kept {
    Time at{};
    std::uint32_t length = 0;
    std::uint8_t known = 0;
    std::array<std::byte, snap_length> bytes{};
  };
  void write(const Kept& kept) { file_.frame(kept.at, std::span(kept.bytes).first(kept.known), kept.length); }

  std::string interface_;
  PcapFile file_;
  TimeOrder<Kept> frames_;
};

const RegisterTraceFile<PcapTrace, PcapParameters> registered{
    "pcap", "frames of an interface, for tshark and Wireshark",
    ParameterTable<PcapParameters>{}.add("interface", &PcapParameters::interface,
                                         "whose frames: the host's, or a domain's such as dom1/vif0", "")};

}  // namespace
}  // namespace xensim
