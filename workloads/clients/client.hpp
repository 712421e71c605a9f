/// Behaviour of machines outside the simulated hosts. One behaviour is one file that registers itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/calendar.hpp"
#include "core/random.hpp"
#include "core/registry.hpp"
#include "core/statistic.hpp"
#include "core/world.hpp"
#include "models/cpu/calibration.hpp"
#include "models/io/net/switch.hpp"

namespace xensim {

struct HostContext;

/// What the machines of a template are connected to. Outlives them.
struct ClientContext {
  Calendar& calendar;  ///< of the host whose network it is
  Switch& network;
  const Calibration& calibration;
  /// Where the programs of an instance are reached.
  std::function<Ipv4Address(std::uint32_t instance)> address;
  std::uint32_t instances = 0;        ///< that there are, or will be
  const HostContext* host = nullptr;  ///< what a whole machine is built on; null: there can be none
};

/// Made once per template of clients, before the world; outlives its actors.
class Client {
 public:
  /// One of a template's machines.
  struct Machine {
    std::string name;           ///< such as `probe/0`
    std::uint32_t number = 0;   ///< in its template
    std::uint32_t station = 0;  ///< among all machines outside
    RandomStream random;
  };

  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  /// Connects a machine to the network, and gives the world the actor that drives it, which lasts.
  virtual void start(World& world, const Machine& machine) = 0;
  /// What is reported begins at `now`, the calendar's present.
  virtual void measure(Time now) = 0;
  /// All its machines together, since then.
  virtual void report(StatisticSink& sink, const std::string& prefix, Time now) const = 0;
  /// Empty, or the first contradiction found.
  [[nodiscard]] virtual std::string audit() const { return {}; }
};

extern template class Registry<Client, const ClientContext&>;
using ClientRegistry = Registry<Client, const ClientContext&>;
template <class Variant, class Parameters>
using RegisterClient = Register<Client, Variant, Parameters, const ClientContext&>;

}  // namespace xensim
