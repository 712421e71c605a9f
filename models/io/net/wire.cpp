#include "models/io/net/wire.hpp"

#include <algorithm>
#include <cmath>

namespace xensim {

LinkParameters::LinkParameters(const Calibration& calibration)
    : byte_time(std::llround(8e6 / calibration.value("network.line_rate"))),
      overhead(static_cast<std::uint32_t>(std::llround(calibration.value("network.frame_overhead")))),
      propagation(std::llround(calibration.value("network.propagation") * 1e3)) {}

Time Wire::send(const EthernetFrame& frame, Time at) {
  const Time start = std::max(at, free_at_);
  free_at_ = start + duration(frame.length());
  const Time arrives = free_at_ + link_.propagation;
  ++counts_.frames;
  counts_.bytes += frame.length();
  in_flight_.push({arrives, frame});
  if (!delivery_.pending()) calendar_.schedule(delivery_, arrives);
  return free_at_;
}

void Wire::on_delivery() {
  const EthernetFrame frame = in_flight_.pop().frame;
  if (!in_flight_.empty()) calendar_.schedule(delivery_, in_flight_.front().arrives);
  receiver_.arrived(frame);
}

}  // namespace xensim
