/// A processor as the monitor drives it.
#pragma once

#include <boost/dynamic_bitset.hpp>
#include <cstdint>
#include <vector>

#include "core/calendar.hpp"
#include "core/histogram.hpp"
#include "models/cpu/processor.hpp"
#include "models/cpu/timers.hpp"
#include "models/host/monitor/domain.hpp"
#include "models/host/monitor/monitor.hpp"
#include "models/host/user_execution.hpp"

namespace xensim {

/// One processor: what it is doing, and what waits for it.
struct Monitor::Core {
  enum class Mode : std::uint8_t {
    halted,   ///< idle
    monitor,  ///< on the exit path
    kernel,   ///< in the guest's kernel, ring 1
    user,     ///< in a program, ring 3
  };

  Core(Monitor& owner, CpuId id, const HostContext& context, FootprintId monitor_lines)
      : host(owner),
        resume(Event::calling<&Core::on_resume>(*this)),
        completion(Event::calling<&Core::on_completion>(*this)),
        apic(Event::calling<&Core::on_apic>(*this)),
        ipi(Event::calling<&Core::on_ipi>(*this)),
        arrival(Event::calling<&Core::on_arrival>(*this)),
        processor(id, context.shape, context.costs, context.survival, context.calendar, resume,
                  context.strict),
        execution(processor, context.calendar, completion),
        lines(monitor_lines) {}

  void on_resume() {
    processor.clock.resumed();
    host.run(*this);
  }
  void on_completion() {
    execution.end(host.calendar_.now(), true);
    mode = Mode::kernel;
    current->in_user = false;
    on_resume();
  }
  [[nodiscard]] bool interrupted() const {
    return apic_waits || ipi_waits || nic_waits || disk_waits || !arrivals.empty();
  }
  void on_apic() {
    apic_waits = true;
    host.on_interrupt(*this);
  }
  void on_ipi() {
    ipi_waits = true;
    host.on_interrupt(*this);
  }

  void on_arrival() {
    arrivals.insert(arrivals.end(), arriving.begin(), arriving.end());
    arriving.clear();
    host.on_interrupt(*this);
  }

  Monitor& host;
  Event resume, completion, apic, ipi, arrival;
  Processor processor;
  UserExecution execution;
  AccurateTimers timers;
  FootprintId lines;        ///< the monitor's own in this processor's caches: code, data, run queue
  bool lines_used = false;  ///< in the present visit to the monitor
  Mode mode = Mode::halted;
  Domain* current = nullptr;  ///< null: the idle domain
  bool apic_waits = false, ipi_waits = false, nic_waits = false, disk_waits = false;
  bool disk_tasklet = false;                ///< the service of block requests is to be run
  std::vector<Arrival> arrivals, arriving;  ///< events from outside: at the processor, at the machine
  bool timer_softirq = false;
  bool in_softirqs = false;  ///< do_softirq runs, and will until none is pending
  bool need_reschedule = false;
  Cycles ipi_work{};             ///< of the handler of the IPI on its way, besides its entry
  bool exit_due = false;         ///< the kernel's hypercall is to return by the exit path
  bool ipi_reschedules = false;  ///< what the IPI on its way is for, besides its guest's events
  bool ipi_timers = false;       ///< the same: a timer was moved
  Time last_switch{};
  std::uint64_t passes = 0, switches = 0, scanned = 0, migrations = 0, interrupts = 0;
  Histogram wake_to_run;            ///< ns
  boost::dynamic_bitset<> waiting;  ///< runnable but not running, by VcpuId
};

}  // namespace xensim
