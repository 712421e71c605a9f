#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "workloads/recorded/capture.hpp"

namespace xensim {
namespace {

class PcapngReader final : public CaptureReader {
  enum BlockType : std::uint32_t {
    interface_description = 1,
    old_packet = 2,
    simple_packet = 3,
    enhanced_packet = 6,
    section_header = pcapng::magic,
  };
  static constexpr std::uint32_t block_frame = 12;  // bytes: type, and length before and behind the body

 public:
  explicit PcapngReader(BinaryInput& from) : CaptureReader(from) {
    std::array<char, 4> length{};
    from.need(length, "its header");
    read_section(length);
    end_block();
  }

  bool next(CapturedPacket& found) override {
    for (;;) {
      std::array<char, 8> bytes{};
      if (!input().read(bytes, "a block's header")) return false;
      const std::uint32_t type = input().word(bytes, 0);
      if (type == section_header) {
        read_section(std::span(bytes).subspan(4));
      } else {
        begin_block(input().word(bytes, 4));
      }
      bool is_packet = true;
      switch (type) {
        case enhanced_packet:
          read_packet(found, false);
          break;
        case old_packet:
          read_packet(found, true);
          break;
        case simple_packet:
          read_simple_packet(found);
          break;
        case interface_description:
          read_interface();
          is_packet = false;
          break;
        default:
          is_packet = false;
          break;
      }
      end_block();
      if (is_packet) return true;
    }
  }
  [[nodiscard]] std::string format() const override {
    return fmt::format("pcapng, {} interface{}", described_, described_ == 1 ? "" : "s");
  }

 private:
  struct Interface {
    std::uint32_t link_type = 0;
    std::uint32_t snap_length = 0;         ///< 0: none
    std::uint64_t per_second = 1'000'000;  ///< units of its stamps: if_tsresol
    std::int64_t offset = 0;               ///< seconds: if_tsoffset
  };

  void begin_block(std::uint32_t length) {
    if (length < block_frame || length % 4 != 0) {
      input().fail(fmt::format("a block of {} bytes", length), "at least 12, and a multiple of 4");
    }
    length_ = length;
    left_ = length - block_frame;
  }
  void end_block() {
    input().skip(left_, "a block");
    std::array<char, 4> bytes{};
    input().need(bytes, "a block's length");
    if (const std::uint32_t again = input().word(bytes, 0); again != length_) {
      input().fail(fmt::format("a length of {} behind a block", again),
                   fmt::format("{}, as before it", length_));
    }
  }
  /// Of the block's body.
  void need(std::span<char> bytes, std::string_view what) {
    claim(static_cast<std::uint32_t>(bytes.size()), what);
    input().need(bytes, what);
  }
  void claim(std::uint32_t bytes, std::string_view what) {
    if (bytes > left_) {
      input().fail(fmt::format("{} of {} bytes in a block that has {} left", what, bytes, left_),
                   "a longer block");
    }
    left_ -= bytes;
  }

  void read_section(std::span<const char> length) {
    constexpr std::uint32_t order_magic = 0x1a2b3c4d;
    std::array<char, 8> bytes{};  // order, version
    input().need(bytes, "a section's header");
    if (input().word(bytes, 0) != order_magic) input().set_swapping(!input().swaps());
    if (const std::uint32_t word = input().word(bytes, 0); word != order_magic) {
      input().fail(fmt::format("no order of bytes but {:#010x}", word),
                   "0x1a2b3c4d in one order or the other");
    }
    if (const unsigned version = input().half(bytes, 4); version != 1) {
      input().fail(fmt::format("version {} of pcapng", version), "version 1");
    }
    begin_block(input().word(length, 0));
    claim(static_cast<std::uint32_t>(bytes.size()), "a header");
    interfaces_.clear();
  }

  void read_interface() {
    constexpr unsigned end_of_options = 0, resolution = 9, offset = 14;
    std::array<char, 8> bytes{};
    need(bytes, "an interface");
    Interface found{.link_type = input().half(bytes, 0), .snap_length = input().word(bytes, 4)};
    while (left_ >= 4) {
      std::array<char, 4> option{};
      need(option, "an option");
      const unsigned code = input().half(option, 0);
      const std::uint32_t length = input().half(option, 2), padded = (length + 3) / 4 * 4;
      if (code == end_of_options) break;
      if (code == resolution && length == 1) {
        std::array<char, 4> value{};
        need(value, "a resolution");
        found.per_second = per_second(static_cast<unsigned char>(value[0]));
      } else if (code == offset && length == 8) {
        std::array<char, 8> value{};
        need(value, "an offset of time");
        found.offset = offset_of(value);
      } else {
        claim(padded, "an option");
        input().skip(padded, "an option");
      }
    }
    interfaces_.push_back(found);
    ++described_;
  }
  /// The highest bit tells powers of 2 from powers of 10.
  [[nodiscard]] std::uint64_t per_second(unsigned resolution) const {
    const unsigned exponent = resolution & 0x7fU;
    const bool binary = (resolution & 0x80U) != 0;
    if (exponent > (binary ? 63U : 19U)) {
      input().fail(fmt::format("time stamps of {}^-{} s", binary ? 2 : 10, exponent),
                   "10^-19 or 2^-63 at the finest");
    }
    std::uint64_t units = 1;
    for (unsigned i = 0; i < exponent; ++i) units *= binary ? 2 : 10;
    return units;
  }
  [[nodiscard]] std::int64_t offset_of(std::span<const char> bytes) const {
    constexpr std::int64_t farthest = std::int64_t{1} << 40;
    const auto seconds = static_cast<std::int64_t>(input().pair(bytes, 0));
    if (seconds > farthest || seconds < -farthest)
      input().fail(fmt::format("times from {} s on", seconds), "2^40 at most");
    return seconds;
  }

  [[nodiscard]] const Interface& interface(std::uint32_t number) const {
    if (number >= interfaces_.size()) {
      input().fail(fmt::format("a packet of interface {}", number),
                   fmt::format("one of the {} that are described before", interfaces_.size()));
    }
    require_ethernet(interfaces_[number].link_type, fmt::format(" of interface {}", number));
    return interfaces_[number];
  }

  void read_packet(CapturedPacket& found, bool old) {
    std::array<char, 20> bytes{};  // interface, stamp (upper half first), lengths
    need(bytes, "a packet's header");
    const Interface& from = interface(old ? input().half(bytes, 0) : input().word(bytes, 0));
    const std::uint64_t stamp = std::uint64_t{input().word(bytes, 4)} << 32 | input().word(bytes, 8);
    const std::uint64_t seconds = stamp / from.per_second, rest = stamp % from.per_second;
    if (seconds > std::uint64_t{1} << 62)
      input().fail(fmt::format("a time of {} s", seconds), "2^62 at most");
    __extension__ using Wide = unsigned __int128;
    const Wide picoseconds = Wide{rest} * static_cast<std::uint64_t>(Time{1s}.count()) / from.per_second;
    found = {.second = static_cast<std::int64_t>(seconds) + from.offset,
             .fraction = Time{static_cast<std::int64_t>(picoseconds)},
             .captured = input().word(bytes, 12),
             .length = input().word(bytes, 16)};
    claim(found.captured, "a packet");
    take(found);
  }
  void read_simple_packet(CapturedPacket& found) {
    std::array<char, 4> bytes{};
    need(bytes, "a packet's header");
    const std::uint32_t length = input().word(bytes, 0), snap = interface(0).snap_length;
    const std::uint32_t captured = snap == 0 ? length : std::min(length, snap);
    found = {.has_time = false, .captured = captured, .length = length};
    claim(captured, "a packet");
    take(found);
  }

  std::vector<Interface> interfaces_;    ///< of this section
  std::size_t described_ = 0;            ///< of all
  std::uint32_t length_ = 0, left_ = 0;  ///< bytes of the block, and of its body that have not been read
};

}  // namespace

std::unique_ptr<CaptureReader> pcapng::open(BinaryInput& input) {
  return std::make_unique<PcapngReader>(input);
}

}  // namespace xensim
