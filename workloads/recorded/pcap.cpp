#include <fmt/format.h>

#include "workloads/recorded/capture.hpp"

namespace xensim {
namespace {

class PcapReader final : public CaptureReader {
 public:
  PcapReader(BinaryInput& from, std::span<const char> first) : CaptureReader(from) {
    const auto known = [&] {
      const std::uint32_t magic = from.word(first, 0);
      unit_ = magic == pcap::nanosecond_magic ? Time{1ns} : Time{1us};
      return magic == pcap::nanosecond_magic || magic == pcap::microsecond_magic;
    };
    if (!known()) {
      from.set_swapping(true);
      (void)known();
    }
    std::array<char, 20> bytes{};  // version, zone, accuracy, snap length, link type
    from.need(bytes, "its header");
    require_ethernet(from.word(bytes, 16), "");
  }

  bool next(CapturedPacket& packet) override {
    std::array<char, 16> bytes{};
    if (!input().read(bytes, "a packet's header")) return false;
    const std::uint32_t fraction = input().word(bytes, 4);
    const std::int64_t units = Time{1s} / unit_;
    if (fraction >= units) {
      input().fail(fmt::format("a fraction of {}", fraction), fmt::format("one below {}", units));
    }
    packet = {.second = input().word(bytes, 0),
              .fraction = fraction * unit_,
              .captured = input().word(bytes, 8),
              .length = input().word(bytes, 12)};
    take(packet);
    return true;
  }
  [[nodiscard]] std::string format() const override {
    return unit_ == Time{1ns} ? "pcap, nanoseconds" : "pcap, microseconds";
  }

 private:
  Time unit_{};
};

}  // namespace

std::unique_ptr<CaptureReader> pcap::open(BinaryInput& input, std::span<const char> first) {
  return std::make_unique<PcapReader>(input, first);
}

}  // namespace xensim
