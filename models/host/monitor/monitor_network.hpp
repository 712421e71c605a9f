/// Networking of Xen 1.0 on the simulated machine: the monitor's logic, its network interface, their time.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "models/cpu/processor.hpp"
#include "models/cpu/timers.hpp"
#include "models/host/monitor/monitor_memory.hpp"
#include "models/host/monitor/network_costs.hpp"
#include "models/io/net/nic.hpp"
#include "models/io/net/virtual_network.hpp"

namespace xensim {

/// What the monitor's networking needs of the monitor around it. `here` is the processor that executes.
class NetworkHost {
 public:
  NetworkHost() = default;
  NetworkHost(const NetworkHost&) = delete;
  NetworkHost& operator=(const NetworkHost&) = delete;
  virtual ~NetworkHost() = default;

  [[nodiscard]] virtual Processor& processor_of(CpuId cpu) = 0;
  /// From the calendar: the interface interrupts. MonitorNetwork::interrupt follows.
  virtual void network_interrupt(CpuId cpu) = 0;
  /// EventBit::network is to be marked.
  virtual void network_event(CpuId here, DomainId domain) = 0;
  /// A timer is to expire at `at`; MonitorNetwork::run_timers follows.
  virtual void network_timer(CpuId here, Time at) = 0;
  /// Another processor is interrupted to flush its TLB, and takes `time` for it.
  virtual void interrupt_to_flush(CpuId here, CpuId there, Cycles time) = 0;
};

/// Entries of the monitor: the hypercall, the interface's interrupt, softirqs, timers. Each charges what it
/// did to the processor `here`, applies what it owes to TLBs, and marks events.
///
/// The NIC's driver takes what there is in one go (no polling), on a processor that the I/O APIC chooses.
/// Simplified: one queue of received packets, where Xen has one for each processor; a remote shootdown finds
/// its processor between two steps; packets dropped for lack of pages are the driver's newest.
class MonitorNetwork {
 public:
  struct Parameters {
    MacAddress mac{{0x00, 0x06, 0x5b, 0x10, 0x20, 0x30}};  ///< of the NIC: Dell's, any
    CpuId interrupts{0};                                   ///< processor that the NIC interrupts
  };
  /// `memory` and `host` outlive this. Takes pages for the NIC off the free list.
  MonitorNetwork(const HostContext& context, const Parameters& parameters, MonitorMemory& memory,
                 NetworkHost& host);

  /// Where frames leave by; before anything is sent.
  void connect(Wire& out);
  [[nodiscard]] Nic& nic() { return nic_; }
  [[nodiscard]] const Nic& nic() const { return nic_; }

  /// A domain's first interface, with the two rules that the tools install for `address`. `domain` outlives
  /// it; it runs on `cpu`. Domain 0's takes the place of the one that it has from the beginning.
  Vif& add(MemoryDomain& domain, CpuId cpu, std::string_view name, const Ipv4Address& address);
  /// The domain runs there from now on.
  void move(DomainId domain, CpuId cpu);
  /// The domain is being killed; its memory must not go before sending() is 0.
  void remove(DomainId domain);
  [[nodiscard]] std::uint32_t sending(DomainId domain) const { return net_.sending(domain); }

  // What domain 0 may change. False: the domain has no interface.
  /// `bytes` in an interval at most; an interval of 0 is no limit.
  [[nodiscard]] bool limit(DomainId domain, Bytes bytes, Time interval);
  /// The two rules that the tools install; nothing happens if they are there.
  [[nodiscard]] bool connect(DomainId domain, const Ipv4Address& address);
  /// All rules that name the domain's interfaces go.
  [[nodiscard]] bool disconnect(DomainId domain);
  /// So many that match no packet, in front of all others.
  void add_rules(std::uint32_t count);

  /// Hypercall net_update, without the way there and back.
  void update(CpuId here, DomainId caller);
  /// The NIC's interrupt handler, without the way there and back.
  void interrupt(CpuId here);
  [[nodiscard]] bool softirq_pending(CpuId here) const {
    return cpus_[here.value].receive || cpus_[here.value].transmit;
  }
  /// The lowest that is pending: NET_RX before the tasklet that transmits.
  void run_softirq(CpuId here);
  /// Timers of credit that are due.
  void run_timers(CpuId here);

  [[nodiscard]] VirtualNetwork& logic() { return net_; }
  [[nodiscard]] const VirtualNetwork& logic() const { return net_; }
  /// All work since the beginning.
  [[nodiscard]] const WorkCount<NetStep>& work() const { return total_; }
  void report(StatisticSink& sink, const std::string& prefix) const;
  void report(StatisticSink& sink, const std::string& prefix, DomainId domain) const;
  /// References that stand in no table, for the audit of memory.
  [[nodiscard]] std::vector<HeldReference> held() const { return net_.held(); }
  [[nodiscard]] std::string audit() const;

 private:
  static constexpr std::uint32_t fragments = 6;  ///< MAX_SKB_FRAGS: with room for fewer the queue stops
  struct Cpu {
    bool receive = false, transmit = false;  ///< softirqs
    std::vector<NetEffects::Refill> refills{};
  };

  [[nodiscard]] Time now(CpuId here) { return host_.processor_of(here).clock.local(); }
  [[nodiscard]] MemoryCpu& monitor(CpuId here) { return memory_.cores[here.value].monitor; }
  void observe(TraceSink& sink);
  void transmit(CpuId here);
  void did(CpuId here, DriverStep step);
  void charge(CpuId here);
  void settle(CpuId here);
  void flush(CpuId here);
  /// Out by the NIC, and in from anywhere.
  [[nodiscard]] static std::array<FilterRule, 2> rules_of(VifId vif, const Ipv4Address& address);

  MonitorMemory& memory_;
  NetworkHost& host_;
  NetworkCosts costs_;
  CpuId interrupts_;
  VirtualNetwork net_;
  Nic nic_;
  bool connected_ = false;
  bool stopped_ = false;  ///< the NIC's queue
  std::uint32_t wake_room_;
  std::deque<Transmission> in_nic_;  ///< in the order they leave
  std::uint32_t next_tag_ = 0;
  std::vector<Cpu> cpus_;
  std::vector<FilterRule> rules_;  ///< installed by the tools
  std::uint64_t driver_drops_ = 0;
  CpuId entered_{0};  ///< processor of the entry that is under way
  WorkCount<NetStep> total_{};
  FootprintId data_;
  std::array<FootprintId, WorkCount<NetStep>::steps> code_{};
  std::array<FootprintId, WorkCount<DriverStep>::steps> driver_code_{};
};

}  // namespace xensim
