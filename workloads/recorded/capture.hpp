/// Files of captured packets, packet by packet: what the readers of pcap and of pcapng have in common.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "workloads/recorded/binary_input.hpp"

namespace xensim {

struct CapturedPacket {
  static constexpr std::uint32_t longest = 262144;  ///< of libpcap
  static constexpr std::uint32_t most_kept = 128;   ///< bytes: enough for all headers that are looked at

  bool has_time = true;
  std::int64_t second = 0;  ///< of a date
  Time fraction{};          ///< of a second
  std::uint32_t captured = 0, length = 0;
  std::span<const char> bytes{};  ///< the first that were captured; valid until the next packet
};

/// Reads one kind of file, of which the first four bytes have been read.
class CaptureReader {
 public:
  explicit CaptureReader(BinaryInput& input) : input_(input) {}
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;
  virtual ~CaptureReader() = default;

  /// False at the end of the file. Throws InputError for whatever does not belong there.
  [[nodiscard]] virtual bool next(CapturedPacket& packet) = 0;
  /// Such as `pcap, microseconds`; complete at the end of the file.
  [[nodiscard]] virtual std::string format() const = 0;

 protected:
  [[nodiscard]] BinaryInput& input() const { return input_; }
  /// Throws InputError unless the link type is Ethernet's. `whose` is "" or names an interface.
  void require_ethernet(std::uint32_t link_type, std::string_view whose) const;
  /// Checks the lengths and reads what was captured.
  void take(CapturedPacket& packet);

 private:
  BinaryInput& input_;
  std::array<char, CapturedPacket::most_kept> kept_{};
};

namespace pcap {
/// Source: "PCAP Capture File Format", IETF draft-ietf-opsawg-pcap.
inline constexpr std::uint32_t microsecond_magic = 0xa1b2c3d4, nanosecond_magic = 0xa1b23c4d;
[[nodiscard]] std::unique_ptr<CaptureReader> open(BinaryInput& input, std::span<const char> first);
}  // namespace pcap

namespace pcapng {
/// Source: "PCAP Next Generation Capture File Format", IETF draft-ietf-opsawg-pcapng. Blocks other than
/// sections, interfaces and packets are skipped.
inline constexpr std::uint32_t magic = 0x0a0d0d0a;  ///< in both orders of bytes
[[nodiscard]] std::unique_ptr<CaptureReader> open(BinaryInput& input);
}  // namespace pcapng

}  // namespace xensim
