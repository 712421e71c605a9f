/// A store-and-forward Ethernet switch.
#pragma once

#include <boost/container/flat_map.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/io/net/wire.hpp"

namespace xensim {

/// From section `network` of the calibration. Throws InputError for one missing.
struct SwitchParameters {
  explicit SwitchParameters(const Calibration& calibration);
  SwitchParameters() = default;

  Time latency = 4us;                     ///< from the last bit in to the first bit out
  std::uint32_t queue_bytes = 128 << 10;  ///< of each port, for frames that wait to leave
};

/// Learns where addresses are from the sources of frames (IEEE 802.1D without ageing and spanning tree), and
/// drops what does not fit into the queue of the port it is to leave by.
class Switch {
 public:
  Switch(Calendar& calendar, const LinkParameters& link, const SwitchParameters& parameters)
      : calendar_(calendar), link_(link), parameters_(parameters) {}

  /// Connects a station by a link of its own. Returns the direction away from the station, on which it
  /// sends. `station` outlives the switch's last frame.
  Wire& attach(FrameReceiver& station);

  struct Counts {
    std::uint64_t forwarded = 0, flooded = 0, dropped = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  class Port final : public FrameReceiver {
   public:
    Port(Switch& owner, std::size_t number, FrameReceiver& station);
    void arrived(const EthernetFrame& frame) override { owner_.forward(number_, frame); }

    Wire in, out;

   private:
    Switch& owner_;
    std::size_t number_;
  };
  void forward(std::size_t from, const EthernetFrame& frame);
  void send(Port& port, const EthernetFrame& frame);

  Calendar& calendar_;
  LinkParameters link_;
  SwitchParameters parameters_;
  std::vector<std::unique_ptr<Port>> ports_;
  boost::container::flat_map<MacAddress, std::size_t> learned_;
  Counts counts_;
};

}  // namespace xensim
