#include "workloads/recorded/packet_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <span>

#include "core/error.hpp"
#include "workloads/recorded/capture.hpp"

namespace xensim {
namespace {

constexpr std::string_view expected = "a pcap or pcapng file of Ethernet";
constexpr std::int64_t longest_seconds = std::int64_t{50} * 24 * 3600;
constexpr std::uint32_t segment_bytes = 1460, segment_headers = 54;

std::uint32_t little_endian(std::span<const char> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}
std::uint32_t swapped(std::uint32_t value) {
  return value >> 24 | (value >> 8 & 0xff00U) | (value << 8 & 0xff0000U) | value << 24;
}
bool is_pcap(std::uint32_t magic) {
  return magic == pcap::microsecond_magic || magic == pcap::nanosecond_magic;
}

std::unique_ptr<CaptureReader> open_capture(BinaryInput& input) {
  std::array<char, 4> first{};
  if (!input.read(first, "its header")) input.fail("an empty file", expected);
  const std::uint32_t magic = little_endian(first);
  if ((magic & 0xffffU) == 0x8b1fU) input.fail("a compressed file", fmt::format("{}, unpacked", expected));
  if (magic == pcapng::magic) return pcapng::open(input);
  if (!is_pcap(magic) && !is_pcap(swapped(magic)))
    input.fail(fmt::format("the word {:#010x}", magic), expected);
  return pcap::open(input, first);
}

enum class Protocol : std::uint8_t { tcp, udp, arp, other };
struct Headers {
  std::optional<MacAddress> to{};
  Protocol protocol = Protocol::other;
  std::uint16_t port = 0;  ///< 0: not known
  std::uint32_t tags = 0;  ///< bytes of virtual LANs, which a link to one machine does not have
};

/// As far as they were captured.
Headers headers_of(std::span<const std::byte> bytes) {
  Headers headers;
  const auto number = [&](std::size_t offset, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | std::to_integer<std::uint32_t>(bytes[offset + i]);
    return value;
  };
  if (bytes.size() >= MacAddress::size) headers.to = MacAddress::load(bytes, 0);
  std::size_t type = EthernetHeader::type_offset;
  constexpr std::uint32_t vlan = 0x8100, service_vlan = 0x88a8, ipv4 = 0x0800, arp = 0x0806, ipv6 = 0x86dd;
  while (bytes.size() >= type + 2 && (number(type, 2) == vlan || number(type, 2) == service_vlan)) type += 4;
  headers.tags = static_cast<std::uint32_t>(type - EthernetHeader::type_offset);
  if (bytes.size() < type + 2) return headers;
  const std::uint32_t kind = number(type, 2);
  const std::size_t ip = type + 2;
  if (kind == arp) headers.protocol = Protocol::arp;
  std::size_t payload = 0;
  std::uint32_t protocol = 0;
  bool first = true;  // of the fragments
  if (kind == ipv4 && bytes.size() >= ip + 20) {
    protocol = number(ip + 9, 1);
    payload = ip + std::size_t{number(ip, 1) & 0xfU} * 4;
    first = (number(ip + 6, 2) & 0x1fffU) == 0;
  } else if (kind == ipv6 && bytes.size() >= ip + 40) {
    protocol = number(ip + 6, 1);
    payload = ip + 40;
  }
  constexpr std::uint32_t tcp = 6, udp = 17;
  if (protocol != tcp && protocol != udp) return headers;
  headers.protocol = protocol == tcp ? Protocol::tcp : Protocol::udp;
  if (first && bytes.size() >= payload + 4) headers.port = static_cast<std::uint16_t>(number(payload + 2, 2));
  return headers;
}

bool chosen(const Headers& headers, const RecordedPacketOptions& options) {
  if (options.mac && headers.to != options.mac) return false;
  return options.port == 0 || headers.port == options.port;
}

void add(RecordedPacketLoad& load, Time at, std::uint32_t length) {
  const auto frame = [&](std::uint32_t bytes) {
    const std::uint32_t padded = std::max(bytes, EthernetHeader::min_frame);
    load.bytes += padded;
    load.frames.push_back({.at = at, .length = static_cast<std::uint16_t>(padded)});
  };
  if (length <= EthernetHeader::max_frame) return frame(length);
  ++load.divided;
  for (std::uint32_t left = length - segment_headers; left > 0;) {
    const std::uint32_t piece = std::min(left, segment_bytes);
    frame(piece + segment_headers);
    left -= piece;
  }
}

void count(RecordedPacketLoad& load, Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      ++load.tcp;
      return;
    case Protocol::udp:
      ++load.udp;
      return;
    case Protocol::arp:
      ++load.arp;
      return;
    case Protocol::other:
      ++load.other;
      return;
  }
}

void put_in_order(std::vector<RecordedFrame>& frames) {
  const auto earlier = [](const RecordedFrame& a, const RecordedFrame& b) { return a.at < b.at; };
  if (!std::ranges::is_sorted(frames, earlier)) std::ranges::stable_sort(frames, earlier);
  const Time first = frames.front().at;
  for (RecordedFrame& frame : frames) frame.at -= first;
}

}  // namespace

bool is_packet_load(std::string_view beginning) {
  if (beginning.size() < 4) return false;
  const std::uint32_t magic = little_endian(beginning);
  return magic == pcapng::magic || is_pcap(magic) || is_pcap(swapped(magic));
}

RecordedPacketLoad read_packet_load(std::istream& input, const std::string& name,
                                    const RecordedPacketOptions& options) {
  BinaryInput file(input, name, "editcap IN OUT copies the packets that are whole");
  const std::unique_ptr<CaptureReader> reader = open_capture(file);
  RecordedPacketLoad load;
  std::optional<std::int64_t> first;  // second: dates since 1970 are more than the clock holds
  Time at{};
  CapturedPacket packet;
  while (options.most == 0 || load.tcp + load.udp + load.arp + load.other < options.most) {
    if (!reader->next(packet)) break;
    if (packet.has_time) {
      const std::int64_t since = packet.second - first.value_or(packet.second);
      if (std::abs(since) > longest_seconds)
        file.fail(fmt::format("a packet {} s from the first", since), "one within 50 days");
      at = since * Time{1s} + packet.fraction;
      if (!first) {
        for (RecordedFrame& frame : load.frames) frame.at = at;  // those without a time
      }
      first = first.value_or(packet.second);
    }
    const Headers headers = headers_of(std::as_bytes(packet.bytes));
    if (!chosen(headers, options)) {
      ++load.left_out;
      continue;
    }
    count(load, headers.protocol);
    load.cut += packet.captured < packet.length ? 1 : 0;
    load.untimed += packet.has_time ? 0 : 1;
    add(load, at, packet.length - headers.tags);
  }
  load.format = reader->format();
  if (load.frames.empty()) {
    throw InputError({.file = name},
                     fmt::format("found no frame to replay, {} of other directions", load.left_out),
                     expected);
  }
  put_in_order(load.frames);
  return load;
}

RecordedPacketLoad read_packet_load(const std::string& path, const RecordedPacketOptions& options) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError({.file = path}, "found no such file, or one that cannot be read", expected);
  return read_packet_load(file, path, options);
}

MacAddress parse_mac(const std::string& text) {
  constexpr std::size_t length = 17;
  MacAddress address;
  bool whole = text.size() == length;
  for (std::size_t i = 0; whole && i < MacAddress::size; ++i) {
    const char* const begin = text.data() + 3 * i;
    const auto [stop, error] = std::from_chars(begin, begin + 2, address.bytes[i], 16);
    whole = error == std::errc{} && stop == begin + 2 && (3 * i + 2 == length || *stop == ':');
  }
  if (!whole) throw InputError({}, "found the Ethernet address " + text, "one such as 00:06:5b:00:00:01");
  return address;
}

Description describe(const RecordedPacketLoad& load) {
  const Time last = load.frames.empty() ? Time{} : load.frames.back().at;
  const double seconds = to_seconds(last);
  std::uint32_t longest = 0;
  for (const RecordedFrame& frame : load.frames) longest = std::max<std::uint32_t>(longest, frame.length);
  Description rows{{"format", load.format},
                   {"packets", fmt::format("{}", load.tcp + load.udp + load.arp + load.other)},
                   {"TCP", fmt::format("{}", load.tcp)},
                   {"UDP", fmt::format("{}", load.udp)},
                   {"ARP", fmt::format("{}", load.arp)},
                   {"other", fmt::format("{}", load.other)},
                   {"captured in part", fmt::format("{}", load.cut)},
                   {"without a time", fmt::format("{}", load.untimed)},
                   {"longer than a frame", fmt::format("{}", load.divided)},
                   {"of other directions", fmt::format("{}", load.left_out)},
                   {"frames", fmt::format("{}", load.frames.size())},
                   {"bytes", fmt::format("{}", load.bytes)},
                   {"longest frame", fmt::format("{} bytes", longest)},
                   {"duration", fmt::format("{:.6f} s", seconds)}};
  if (seconds > 0)
    rows.push_back(
        {"rate", fmt::format("{:.3f} frames/s", static_cast<double>(load.frames.size()) / seconds)});
  return rows;
}

}  // namespace xensim
