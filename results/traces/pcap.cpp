#include "results/traces/pcap.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "results/atomic_file.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t nanosecond_magic = 0xa1b23c4d, microsecond_magic = 0xa1b2c3d4;
constexpr std::uint32_t link_type_ethernet = 1;

/// Fields in little-endian order.
class Fields {
 public:
  Fields& add(std::uint32_t value, int bytes = 4) {
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> 8 * i & 0xffU);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

PcapFile::PcapFile(const std::filesystem::path& path, const PcapOptions& options)
    : path_(path), bytes_(path), options_(options) {
  const bool nanoseconds = options.stamp == PcapOptions::Stamp::nanoseconds;
  bytes_.write(Fields()
                   .add(nanoseconds ? nanosecond_magic : microsecond_magic)
                   .add(2, 2)
                   .add(4, 2)  // version 2.4
                   .add(0)     // time zone
                   .add(0)     // accuracy of the stamps
                   .add(options.snap_length)
                   .add(link_type_ethernet)
                   .text());
}

void PcapFile::frame(Time at, std::span<const std::byte> bytes, std::uint32_t length) {
  assert(at >= Time{0} && length >= bytes.size());
  const Time second = 1s;
  const Time unit = options_.stamp == PcapOptions::Stamp::nanoseconds ? Time{1ns} : Time{1us};
  const std::size_t kept = std::min<std::size_t>(bytes.size(), options_.snap_length);
  bytes_.write(Fields()
                   .add(static_cast<std::uint32_t>(at / second))
                   .add(static_cast<std::uint32_t>(at % second / unit))
                   .add(static_cast<std::uint32_t>(kept))
                   .add(length)
                   .text());
  bytes_.write({reinterpret_cast<const char*>(bytes.data()), kept});
}

void PcapFile::commit() {
  AtomicFile file(path_);
  bytes_.copy_to(file);
  file.commit();
}

}  // namespace xensim
