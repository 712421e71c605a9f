#include "workloads/recorded/capture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

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

bool CaptureInput::read(std::span<char> bytes, std::string_view what) {
  input_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto got = static_cast<std::size_t>(input_.gcount());
  if (input_.bad()) fail("an error of reading", "a file of captured packets");
  if (got == 0 && !bytes.empty()) return false;
  if (got < bytes.size()) fail_at_end(what, bytes.size() - got);
  at_ += got;
  return true;
}

void CaptureInput::need(std::span<char> bytes, std::string_view what) {
  if (!read(bytes, what)) fail_at_end(what, bytes.size());
}

void CaptureInput::skip(std::uint32_t bytes, std::string_view what) {
  input_.ignore(bytes);
  const auto got = static_cast<std::uint32_t>(input_.gcount());
  if (got != bytes) fail_at_end(what, bytes - got);
  at_ += bytes;
}

std::uint32_t CaptureInput::word(std::span<const char> bytes, std::size_t offset) const {
  const std::uint32_t first = half(bytes, offset), second = half(bytes, offset + 2);
  return swaps_ ? first << 16 | second : second << 16 | first;
}

std::uint16_t CaptureInput::half(std::span<const char> bytes, std::size_t offset) const {
  const auto first = static_cast<unsigned char>(bytes[offset]),
             second = static_cast<unsigned char>(bytes[offset + 1]);
  return static_cast<std::uint16_t>(swaps_ ? first << 8 | second : second << 8 | first);
}

void CaptureInput::fail(std::string_view found, std::string_view wanted) const {
  throw InputError({.file = name_}, fmt::format("byte {}: found {}", at_, found), wanted);
}

void CaptureInput::fail_at_end(std::string_view what, std::size_t wanted) const {
  fail(fmt::format("the end of the file in {}", what),
       fmt::format("{} bytes more; editcap IN OUT copies the packets that are whole", wanted));
}

void CaptureInput::require_ethernet(std::uint32_t link_type, std::string_view whose) const {
  constexpr std::uint32_t ethernet = 1;
  if (link_type == ethernet) return;
  fail(fmt::format("link type {}{}{}", link_type, name_of_link(link_type), whose),
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
