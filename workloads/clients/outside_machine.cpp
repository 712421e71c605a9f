#include "workloads/clients/outside_machine.hpp"

#include <algorithm>

namespace xensim {

OutsideMachine::OutsideMachine(const ClientContext& context, const Options& options)
    : calendar_(context.calendar),
      endpoint_({.mac = addresses::outside_interface(options.station),
                 .address = addresses::outside(options.station),
                 .service = options.service,
                 .tcp = options.tcp},
                *this),
      out_(context.network.attach(*this)),
      timer_(Event::calling<&OutsideMachine::on_timer>(*this)) {}

void OutsideMachine::arrived(const EthernetFrame& frame) {
  if (vanished_) return;
  endpoint_.receive(now(), frame);
  plan();
}

void OutsideMachine::transmit(Time when, const EthernetFrame& frame) {
  if (!vanished_) (void)out_.send(frame, std::max(when, now()));
}

void OutsideMachine::on_timer() {
  endpoint_.run_timers(now());
  plan();
}

void OutsideMachine::plan() {
  const Time next = endpoint_.next_timer();
  // Most timers are put off before they expire: to look too early is cheaper than to move each time.
  if (next == never || (timer_.pending() && timer_.when() <= next)) return;
  calendar_.schedule(timer_, std::max(next, now()));
}

}  // namespace xensim
