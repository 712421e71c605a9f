#include "models/io/tcp/segment.hpp"

#include <algorithm>

namespace xensim {
namespace {

enum Option : std::uint8_t {
  end_of_options = 0,
  no_operation = 1,
  maximum_segment = 2,
  window_scaling = 3,
  sack_is_permitted = 4,
  sack_blocks = 5,
  time_stamps = 8
};
constexpr std::array<std::byte, 4> stamp_start{std::byte{no_operation}, std::byte{no_operation},
                                               std::byte{time_stamps}, std::byte{10}};

class OptionWriter {
 public:
  explicit OptionWriter(TcpOptions& options) : options_(options) {}
  void bytes(unsigned a, unsigned b, unsigned c, unsigned d) { word(a << 24 | b << 16 | c << 8 | d); }
  void word(std::uint32_t value) {
    store_network(std::span<std::byte>(options_.bytes), options_.size(), value);
    ++options_.words;
  }

 private:
  TcpOptions& options_;
};

void read_option(TcpSegment& segment, std::uint8_t kind, std::span<const std::byte> value) {
  if (kind == maximum_segment && value.size() == 2) {
    segment.max_segment = load_network<std::uint16_t>(value, 0);
  } else if (kind == window_scaling && value.size() == 1) {
    segment.window_scale = std::min(load_network<std::uint8_t>(value, 0), std::uint8_t{14});
  } else if (kind == sack_is_permitted && value.empty()) {
    segment.sack_permitted = true;
  } else if (kind == time_stamps && value.size() == 8) {
    segment.stamped = true;
    segment.stamp = load_network<std::uint32_t>(value, 0);
    segment.echo = load_network<std::uint32_t>(value, 4);
  } else if (kind == sack_blocks && value.size() % 8 == 0 && value.size() <= 32) {
    segment.sack_count = static_cast<std::uint8_t>(value.size() / 8);
    for (std::size_t i = 0; i < segment.sack_count; ++i) {
      segment.sacks[i] = {load_network<std::uint32_t>(value, 8 * i),
                          load_network<std::uint32_t>(value, 8 * i + 4)};
    }
  }
}

}  // namespace

TcpHeader to_header(const TcpSegment& segment) {
  TcpHeader header{.source_port = segment.source_port,
                   .destination_port = segment.destination_port,
                   .sequence = segment.sequence,
                   .acknowledgement = segment.acknowledgement,
                   .flags = segment.flags,
                   .window = segment.window};
  OptionWriter write(header.options);
  if (segment.max_segment != 0) {
    write.bytes(maximum_segment, 4, segment.max_segment >> 8U, segment.max_segment & 0xffU);
  }
  if (segment.stamped) {
    // With a time stamp, the permission takes the place of its padding.
    if (segment.sack_permitted) {
      write.bytes(sack_is_permitted, 2, time_stamps, 10);
    } else {
      write.bytes(no_operation, no_operation, time_stamps, 10);
    }
    write.word(segment.stamp);
    write.word(segment.echo);
  } else if (segment.sack_permitted) {
    write.bytes(no_operation, no_operation, sack_is_permitted, 2);
  }
  if (segment.window_scale != TcpSegment::no_scale) {
    write.bytes(no_operation, window_scaling, 3, segment.window_scale);
  }
  if (segment.sack_count > 0) {
    write.bytes(no_operation, no_operation, sack_blocks, 2U + 8U * segment.sack_count);
    for (std::size_t i = 0; i < segment.sack_count; ++i) {
      write.word(segment.sacks[i].begin);
      write.word(segment.sacks[i].end);
    }
  }
  return header;
}

TcpSegment to_segment(const TcpHeader& header, std::uint32_t payload) {
  TcpSegment segment{.source_port = header.source_port,
                     .destination_port = header.destination_port,
                     .sequence = header.sequence,
                     .acknowledgement = header.acknowledgement,
                     .length = payload,
                     .window = header.window,
                     .flags = header.flags};
  const std::span<const std::byte> options(header.options.bytes.data(), header.options.size());
  // What nearly every segment carries.
  if (options.size() == 12 && std::ranges::equal(options.first(4), stamp_start)) {
    read_option(segment, time_stamps, options.subspan(4));
    return segment;
  }
  for (std::size_t at = 0; at < options.size();) {
    const auto kind = std::to_integer<std::uint8_t>(options[at]);
    if (kind == end_of_options) break;
    if (kind == no_operation) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) break;
    const auto size = std::to_integer<std::size_t>(options[at + 1]);
    if (size < 2 || at + size > options.size()) break;
    read_option(segment, kind, options.subspan(at + 2, size - 2));
    at += size;
  }
  return segment;
}

}  // namespace xensim
