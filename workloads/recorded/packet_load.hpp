/// Frames of Ethernet as a file of captured packets has them: when each came, and how long it was.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "models/io/packet/ethernet.hpp"
#include "workloads/recorded/description.hpp"

namespace xensim {

struct RecordedFrame {
  Time at{};                 ///< since the first
  std::uint16_t length = 0;  ///< bytes without check sequence: 60 to 1514
};

/// Frames in the order in which they came: 16 bytes each.
struct RecordedPacketLoad {
  std::vector<RecordedFrame> frames;
  std::string format;                ///< such as `pcap, nanoseconds`
  std::uint64_t tcp = 0, udp = 0;    ///< frames that were chosen, by what is known of their headers
  std::uint64_t arp = 0, other = 0;  ///< the latter also: cut before it can be told
  std::uint64_t cut = 0;             ///< of these, captured in part
  std::uint64_t untimed = 0;         ///< of these, simple packets of pcapng: they came with the one before
  std::uint64_t divided = 0;         ///< longer than Ethernet has: cards put together or divide such
  std::uint64_t left_out = 0;        ///< of other directions
  std::uint64_t bytes = 0;           ///< of frames
};

struct RecordedPacketOptions {
  std::optional<MacAddress> mac{};  ///< only frames to it; empty: to anyone
  std::uint16_t port = 0;           ///< only TCP and UDP to this port; 0: all
  std::uint64_t most = 0;           ///< chosen frames that are read; 0: all
};

/// Of pcap or pcapng, in both orders of bytes. `name` is what messages call the input. Reads frame by frame;
/// a frame longer than 1514 bytes becomes segments of 1460 bytes with headers of 54 bytes each, one shorter
/// than 60 is padded. Throws InputError with the offset of the byte for whatever does not belong there, and
/// if no frame is chosen. O(frames), if they are not in order O(n log n).
[[nodiscard]] RecordedPacketLoad read_packet_load(std::istream& input, const std::string& name,
                                                  const RecordedPacketOptions& options = {});
[[nodiscard]] RecordedPacketLoad read_packet_load(const std::string& path,
                                                  const RecordedPacketOptions& options = {});
/// Whether a file that begins so is one, whatever may be wrong with it.
[[nodiscard]] bool is_packet_load(std::string_view beginning);
/// Of a text such as `00:06:5b:00:00:01`. Throws InputError for any other.
[[nodiscard]] MacAddress parse_mac(const std::string& text);

/// Counts, bytes and duration.
[[nodiscard]] Description describe(const RecordedPacketLoad& load);

}  // namespace xensim
