/// A machine outside the simulated hosts: real protocols, a link to the switch, no processor.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "models/host/addresses.hpp"
#include "models/io/tcp/endpoint.hpp"
#include "workloads/clients/client.hpp"

namespace xensim {

/// Its protocols live on the calendar: frames and timers are events there, and so are the calls that a
/// behaviour overrides. An actor uses it by `act` and sleeps until an override gives it a signal: hundreds of
/// connections need no more than one actor, which is woken for what it waits for only.
class OutsideMachine : private FrameReceiver, private EndpointClient {
 public:
  struct Options {
    std::uint32_t station = 0;  ///< gives it its addresses
    Time service{};             ///< for each frame in and out
    TcpSettings tcp{};
  };
  OutsideMachine(const ClientContext& context, const Options& options);

  using Connection = EndpointClient::Connection;
  [[nodiscard]] Time now() const { return calendar_.now(); }
  /// Its cable is cut: no frame comes or goes any more.
  void vanish() { vanished_ = true; }

  /// Calls `what(endpoint, now)`. From actors, and from overrides.
  template <class What>
  auto act(What&& what) {
    if constexpr (std::is_void_v<decltype(what(endpoint_, now()))>) {
      std::forward<What>(what)(endpoint_, now());
      plan();
    } else {
      auto result = std::forward<What>(what)(endpoint_, now());
      plan();
      return result;
    }
  }

 protected:
  [[nodiscard]] const NetworkEndpoint& endpoint() const { return endpoint_; }

 private:
  void arrived(const EthernetFrame& frame) final;
  void transmit(Time when, const EthernetFrame& frame) final;
  void on_timer();
  void plan();

  Calendar& calendar_;
  NetworkEndpoint endpoint_;
  Wire& out_;
  Event timer_;
  bool vanished_ = false;
};

}  // namespace xensim
