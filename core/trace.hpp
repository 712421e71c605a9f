/// What happened, as neutral records for any sink (results/traces writes them in real formats).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace xensim {

/// The kinds of record; `argument` in brackets.
enum class TraceKind : std::uint8_t {
  domain_created,  ///< [its processor]
  wake,            ///< a vCPU became runnable
  block,           ///< the running vCPU blocked
  switch_to,       ///< the processor goes over to `vcpu` (invalid: idle)
  guest_event,     ///< an event upcall is delivered [pending bits]
  timer_tick,      ///< the 20 ms event to every domain
  schedule_pass,   ///< [queue entries scanned]
  suspend,         ///< a vCPU stopped until it is started again
  domain_gone,     ///< a vCPU is no more
};

struct TraceRecord {
  Time at{};
  std::int64_t argument = 0;
  CpuId cpu;
  VcpuId vcpu;
  TraceKind kind{};
};

/// What a process does, as its kernel sees it.
enum class ProcessState : std::uint8_t { runnable, running, asleep, gone };

/// A process goes over to another state; the first record of one is that it is runnable. Numbers of those
/// that are gone are used again.
struct ProcessRecord {
  Time at{};
  ProcessId process;
  std::uint32_t group = 0;  ///< 0: the kernel's own; else the group it was started in, from 1
  VcpuId vcpu{};            ///< of its kernel; invalid: there is one kernel only
  CpuId cpu{};              ///< where it runs; invalid in other states
  ProcessState state{};
  std::string_view name{};     ///< of a thread of the kernel's own; else empty. Stays valid
  std::string_view awaited{};  ///< what ended a sleep, else empty. Stays valid
};

/// A frame of Ethernet that passed an interface: what is known of it from its destination address on, and its
/// whole length in bytes without check sequence. Valid during the call.
struct FrameRecord {
  Time at{};
  std::string_view interface;  ///< such as `eth0`
  std::span<const std::byte> bytes;
  std::uint32_t length = 0;
};

/// A command that a disk has executed.
struct DiskRecord {
  Time at{};                 ///< it was complete
  Time queued{}, service{};  ///< how long its oldest buffer waited before, and how long it took
  std::uint64_t sector = 0;
  std::uint32_t sectors = 0, disk = 0;
  VcpuId vcpu{};  ///< whose first buffer it was; invalid: there is one kernel only
  bool write = false;
};

/// Receives records, in order of time for each processor but for wakes, which other processors cause. None
/// is of a time before the calendar's present when it comes.
class TraceSink {
 public:
  TraceSink() = default;
  TraceSink(const TraceSink&) = delete;
  TraceSink& operator=(const TraceSink&) = delete;
  virtual ~TraceSink() = default;
  /// The run is about to start its instances, which have these names. Comes before all records but those of
  /// what there is from the start. `present` tells the calendar's, until `end`.
  virtual void begin(std::function<Time()> /*present*/, const std::vector<std::string>& /*instances*/) {}
  /// The vCPU is of this instance. Those of which nothing is said are the control domain's.
  virtual void domain(VcpuId /*vcpu*/, std::uint32_t /*instance*/) {}
  virtual void record(const TraceRecord& record) = 0;
  virtual void process(const ProcessRecord& /*record*/) {}
  /// Frames come in order of time for each interface and direction only.
  virtual void frame(const FrameRecord& /*record*/) {}
  virtual void disk(const DiskRecord& /*record*/) {}
  /// The run is over, and what goes on at that time lasts until then. Comes last, unless the run fails.
  virtual void end(Time /*at*/) {}
};

}  // namespace xensim
