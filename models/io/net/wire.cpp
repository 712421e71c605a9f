#include "models/io/net/wire.hpp"

#include <algorithm>
#include <cmath>

#include "models/cpu/calibration_section.hpp"

namespace xensim {

LinkParameters::LinkParameters(const Calibration& calibration) {
  const CalibrationSection network(calibration, "network.");
  byte_time = Time{std::llround(8e6 / network.value("line_rate"))};
  overhead = network.whole("frame_overhead");
  propagation = network.nanoseconds("propagation");
}

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
