/// A host under one virtualization style. One platform is one file that registers itself by name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/calendar.hpp"
#include "core/error.hpp"
#include "core/registry.hpp"
#include "core/statistic.hpp"
#include "core/trace.hpp"
#include "models/cpu/calibration.hpp"
#include "models/cpu/costs.hpp"
#include "models/cpu/processor_shape.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/guest/kernel/time_ledger.hpp"
#include "models/guest/processes/program.hpp"
#include "models/host/addresses.hpp"
#include "models/io/net/switch.hpp"
#include "models/memory/cache_footprint.hpp"

namespace xensim {

/// What a platform is built on. All references outlive it.
struct HostContext {
  std::uint32_t cpus = 1;
  ProcessorShape shape;
  const Calibration& calibration;
  const ProcessorCosts& costs;
  const SurvivalTable& survival;  ///< of the L2 caches
  Calendar& calendar;
  Switch* network = nullptr;              ///< what its interface is attached to; null: it has none
  TraceSink* trace = nullptr;             ///< null: no trace
  Bytes memory{std::int64_t{256} << 20};  ///< of the machine
  bool audit = false;                     ///< audit everything after each scheduling pass
  bool strict = false;                    ///< every step through the calendar
  Ipv4Address address = addresses::host;  ///< of its own kernel, on the network
  MacAddress interface = addresses::host_interface;
  std::uint64_t seed = 0;  ///< of what is drawn on it
};

class ControlPlane;

/// Instances (domains, or process groups of one kernel) are numbered from 0 in the order of their start;
/// the control domain is not among them.
class Platform {
 public:
  Platform() = default;
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  virtual ~Platform() = default;

  /// Starts an instance, at the calendar's present.
  virtual void start(std::vector<Program> programs, const SchedulingShare& share) = 0;

  /// An instance that only the control plane starts; numbered as by `start`.
  virtual std::uint32_t reserve() {
    throw InputError({}, "an instance that is started later", "a platform with a control plane");
  }

  /// Everything that was started exists: a domain that another one has to build takes its time.
  [[nodiscard]] virtual bool ready() const { return true; }

  /// What can change instances while they run; null: nothing can.
  [[nodiscard]] virtual ControlPlane* control() { return nullptr; }

  /// An event for an instance's kernel reaches the machine at the calendar's present, as a packet would.
  /// `answered` is called with the time at which the kernel has handled it; never, if the instance ends
  /// before. Throws InputError where instances take no events of their own.
  using Answer = std::function<void(Time)>;
  virtual void probe(std::uint32_t /*instance*/, Answer /*answered*/) {
    throw InputError({}, "a probe of an instance", "a platform whose instances have kernels of their own");
  }

  /// Brings all accounts up to the calendar's present, so that `work` and `report` are exact.
  virtual void settle() = 0;
  /// A measurement begins at the calendar's present, after `settle`: what an instance does or waits for until
  /// then is divided from what it goes on with, so that differences of `times` and of `elapsed` are of the
  /// measurement.
  virtual void divide_times(std::uint32_t instance) = 0;
  /// The same for what is told of a distribution (a mean wait, the longest): it is of what comes from now on.
  virtual void measurement_begins() {}
  /// Work done by an instance's programs since its start.
  [[nodiscard]] Time work(std::uint32_t instance) const {
    return times(instance)[static_cast<std::size_t>(LifePart::user)];
  }
  /// Where the lives of its processes went since its start. They add up to the processes' lifetimes.
  [[nodiscard]] virtual LifeTimes times(std::uint32_t instance) const = 0;
  /// Where the time since its start went: to the process that ran, or else what all of them waited for.
  [[nodiscard]] virtual LifeTimes elapsed(std::uint32_t instance) const = 0;
  /// `elapsed` at the calendar's present, after `settle`, is to be known when the run is over: what an
  /// instance waits for now has a name only when that has ended.
  virtual void mark_times(std::uint32_t instance) = 0;
  /// At all marks of the instance so far, in order.
  [[nodiscard]] virtual std::vector<LifeTimes> elapsed_at_marks(std::uint32_t instance) const = 0;
  virtual void report(StatisticSink& sink, const std::string& prefix) const = 0;
  /// Under which the instance's programs are reached.
  [[nodiscard]] virtual Ipv4Address address(std::uint32_t instance) const {
    return addresses::domain(instance);
  }
  /// Who waits for whom among an instance's processes, if one of its programs can never go on; empty if none
  /// is known to. Not for the course of a run: it looks at everybody.
  [[nodiscard]] virtual std::string deadlock(std::uint32_t /*instance*/) const { return {}; }
  /// Empty, or the first contradiction found.
  [[nodiscard]] virtual std::string audit() const = 0;
};

extern template class Registry<Platform, const HostContext&>;
using PlatformRegistry = Registry<Platform, const HostContext&>;

}  // namespace xensim
