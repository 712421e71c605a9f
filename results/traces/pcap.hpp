/// Frames of one interface as a pcap file, which tshark, tcpdump and Wireshark read.
/// Source of the format: "PCAP Capture File Format", IETF draft-ietf-opsawg-pcap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "core/time.hpp"
#include "results/traces/spool.hpp"

namespace xensim {

struct PcapOptions {
  enum class Stamp : std::uint8_t { nanoseconds, microseconds };

  Stamp stamp = Stamp::nanoseconds;
  std::uint32_t snap_length = 96;  ///< bytes of each frame that are kept: all headers
};

/// The same bytes on every machine: little-endian, seconds since the start of the run. It appears
/// with `commit`. Throws InputError naming the file when it cannot be written.
class PcapFile {
 public:
  explicit PcapFile(const std::filesystem::path& path, const PcapOptions& options = {});

  /// A frame of Ethernet from its destination address on, without check sequence. `bytes`: what is known of
  /// it, from its start; `length`: all of it, at least as much. `at` must not be negative; readers expect
  /// frames in order of time.
  void frame(Time at, std::span<const std::byte> bytes, std::uint32_t length);
  void commit();

 private:
  std::filesystem::path path_;
  Spool bytes_;
  PcapOptions options_;
};

}  // namespace xensim
