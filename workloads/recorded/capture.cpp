#include "workloads/recorded/capture.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {
namespace {

/// What tcpdump and Wireshark write where no Ethernet is, of the registry of link types.
std::string name_of_link(std::uint32_t type) {
  switch (type) {
    case 0:
      return " (BSD loopback)";
    case 101:
      return " (bare IP)";
    case 105:
    case 127:
      return " (wireless)";
    case 113:
    case 276:
      return " (Linux, all interfaces together)";
    default:
      return "";
  }
}

}  // namespace

void CaptureReader::require_ethernet(std::uint32_t link_type, std::string_view whose) const {
  constexpr std::uint32_t ethernet = 1;
  if (link_type == ethernet) return;
  input_.fail(fmt::format("link type {}{}{}", link_type, name_of_link(link_type), whose),
              "1, Ethernet: packets captured on one such interface");
}

void CaptureReader::take(CapturedPacket& packet) {
  if (packet.captured > CapturedPacket::longest || packet.length > CapturedPacket::longest) {
    input_.fail(fmt::format("a packet of {} bytes, {} captured", packet.length, packet.captured),
                fmt::format("at most {}", CapturedPacket::longest));
  }
  if (packet.captured > packet.length) {
    input_.fail(fmt::format("{} bytes captured of {}", packet.captured, packet.length),
                "no more than there were");
  }
  const std::span<char> bytes = std::span(kept_).first(std::min(packet.captured, CapturedPacket::most_kept));
  input_.need(bytes, "a packet");
  input_.skip(packet.captured - static_cast<std::uint32_t>(bytes.size()), "a packet");
  packet.bytes = bytes;
}

}  // namespace xensim
