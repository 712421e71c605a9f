/// Files of captured packets, packet by packet: what the readers of pcap and of pcapng have in common.
#pragma once

#include <array>
#include <cstdint>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace xensim {

/// The input, and where in it the reader is. Complaints name the file and the byte.
class CaptureInput {
 public:
  /// Both outlive this; `name` is what messages call the input.
  CaptureInput(std::istream& input, const std::string& name) : input_(input), name_(name) {}

  /// As many bytes as there are room; false at the end of the file. Throws InputError if it ends in between.
  [[nodiscard]] bool read(std::span<char> bytes, std::string_view what);
  /// As many bytes as there are room, and at least these. Throws InputError at the end of the file.
  void need(std::span<char> bytes, std::string_view what);
  /// What is not of interest.
  void skip(std::uint32_t bytes, std::string_view what);

  // Numbers at an offset, in the file's order of bytes: the lowest first, unless it swaps.
  [[nodiscard]] std::uint32_t word(std::span<const char> bytes, std::size_t offset) const;
  [[nodiscard]] std::uint16_t half(std::span<const char> bytes, std::size_t offset) const;
  void set_swapping(bool swaps) { swaps_ = swaps; }
  [[nodiscard]] bool swaps() const { return swaps_; }

  [[noreturn]] void fail(std::string_view found, std::string_view wanted) const;
  /// Throws InputError unless the link type is Ethernet's. `whose` is "" or names an interface.
  void require_ethernet(std::uint32_t link_type, std::string_view whose) const;

 private:
  [[noreturn]] void fail_at_end(std::string_view what, std::size_t wanted) const;

  std::istream& input_;
  const std::string& name_;
  std::uint64_t at_ = 0;
  bool swaps_ = false;
};

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
  explicit CaptureReader(CaptureInput& input) : input_(input) {}
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;
  virtual ~CaptureReader() = default;

  /// False at the end of the file. Throws InputError for whatever does not belong there.
  [[nodiscard]] virtual bool next(CapturedPacket& packet) = 0;
  /// Such as `pcap, microseconds`; complete at the end of the file.
  [[nodiscard]] virtual std::string format() const = 0;

 protected:
  [[nodiscard]] CaptureInput& input() const { return input_; }
  /// Checks the lengths and reads what was captured.
  void take(CapturedPacket& packet);

 private:
  CaptureInput& input_;
  std::array<char, CapturedPacket::most_kept> kept_{};
};

namespace pcap {
/// Source: "PCAP Capture File Format", IETF draft-ietf-opsawg-pcap.
inline constexpr std::uint32_t microsecond_magic = 0xa1b2c3d4, nanosecond_magic = 0xa1b23c4d;
[[nodiscard]] std::unique_ptr<CaptureReader> open(CaptureInput& input, std::span<const char> first);
}  // namespace pcap

namespace pcapng {
/// Source: "PCAP Next Generation Capture File Format", IETF draft-ietf-opsawg-pcapng. Blocks other than
/// sections, interfaces and packets are skipped.
inline constexpr std::uint32_t magic = 0x0a0d0d0a;  ///< in both orders of bytes
[[nodiscard]] std::unique_ptr<CaptureReader> open(CaptureInput& input);
}  // namespace pcapng

}  // namespace xensim
