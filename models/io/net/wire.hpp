/// One direction of a full-duplex Ethernet link.
#pragma once

#include <cstdint>

#include "core/calendar.hpp"
#include "models/cpu/calibration.hpp"
#include "models/io/fifo.hpp"
#include "models/io/packet/frame.hpp"

namespace xensim {

/// An end of a link.
class FrameReceiver {
 public:
  FrameReceiver() = default;
  FrameReceiver(const FrameReceiver&) = delete;
  FrameReceiver& operator=(const FrameReceiver&) = delete;
  virtual ~FrameReceiver() = default;

  /// The last bit of a frame is in, at the calendar's present.
  virtual void arrived(const EthernetFrame& frame) = 0;
};

/// Of a link, from section `network` of the calibration. Throws InputError for one missing.
struct LinkParameters {
  explicit LinkParameters(const Calibration& calibration);
  /// 1000BASE-T over 10 m: IEEE 802.3 has 8 bytes of preamble, 4 of check sequence and 12 of gap.
  LinkParameters() = default;

  Time byte_time{8000};         ///< to serialise one byte
  std::uint32_t overhead = 24;  ///< bytes on the wire besides the frame itself
  Time propagation = 50ns;
};

/// Frames leave one after another at line rate and arrive whole. Never loses one; who sends more than fits
/// keeps it from growing by `free_at`.
class Wire {
 public:
  /// `receiver` outlives this.
  Wire(Calendar& calendar, const LinkParameters& link, FrameReceiver& receiver)
      : calendar_(calendar),
        link_(link),
        receiver_(receiver),
        delivery_(Event::calling<&Wire::on_delivery>(*this)) {}

  /// Sends a frame at `at` (not before the calendar's present) or when those before have left. Returns when
  /// its last bit has left. O(1).
  Time send(const EthernetFrame& frame, Time at);
  /// Everything has left by then.
  [[nodiscard]] Time free_at() const { return free_at_; }
  /// From the first bit of a frame to the first bit of the next.
  [[nodiscard]] Time duration(std::uint32_t length) const {
    return link_.byte_time * (length + link_.overhead);
  }

  struct Counts {
    std::uint64_t frames = 0, bytes = 0;  ///< without overhead
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct InFlight {
    Time arrives{};
    EthernetFrame frame;
  };
  void on_delivery();

  Calendar& calendar_;
  LinkParameters link_;
  FrameReceiver& receiver_;
  Event delivery_;  ///< of the first in flight
  Fifo<InFlight> in_flight_;
  Time free_at_{};
  Counts counts_;
};

}  // namespace xensim
