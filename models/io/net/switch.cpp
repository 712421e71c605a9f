#include "models/io/net/switch.hpp"

#include "models/cpu/calibration_section.hpp"

namespace xensim {

SwitchParameters::SwitchParameters(const Calibration& calibration)
    : latency(CalibrationSection(calibration, "network.").microseconds("switch_latency")),
      queue_bytes(CalibrationSection(calibration, "network.").whole("switch_queue") * 1024) {}

Switch::Port::Port(Switch& owner, std::size_t number, FrameReceiver& station)
    : in(owner.calendar_, owner.link_, *this),
      out(owner.calendar_, owner.link_, station),
      owner_(owner),
      number_(number) {}

Wire& Switch::attach(FrameReceiver& station) {
  return ports_.emplace_back(std::make_unique<Port>(*this, ports_.size(), station))->in;
}

void Switch::forward(std::size_t from, const EthernetFrame& frame) {
  const auto header = EthernetHeader::read(frame.known());
  if (!header) return;
  learned_.insert_or_assign(header->source, from);
  const auto to = learned_.find(header->destination);
  if (to != learned_.end()) {
    if (to->second == from) return;
    ++counts_.forwarded;
    send(*ports_[to->second], frame);
    return;
  }
  ++counts_.flooded;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (i != from) send(*ports_[i], frame);
  }
}

void Switch::send(Port& port, const EthernetFrame& frame) {
  // What still has to leave, in time on the wire.
  const Time ready = calendar_.now() + parameters_.latency;
  const Time waiting = port.out.free_at() - ready;
  if (waiting + port.out.duration(frame.length()) > link_.byte_time * parameters_.queue_bytes) {
    ++counts_.dropped;
    return;
  }
  port.out.send(frame, ready);
}

}  // namespace xensim
