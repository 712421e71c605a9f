/// Guests' network drivers on the real monitor, an Ethernet outside, and protocols that only count.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "models/guest/kernel/kernel_path_costs.hpp"
#include "models/host/monitor/monitor_network.hpp"
#include "models/host/xen/xen_memory.hpp"
#include "models/host/xen/xen_network.hpp"
#include "tests/models/host/host_fixture.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {

/// Protocols that keep what they are given and send what they are told to.
class CountingClient final : public NetworkClient {
 public:
  explicit CountingClient(GuestMemory& memory) : memory_(memory) {}
  void received(unsigned /*vcpu*/, const NetworkPacket& packet) override {
    arrived.push_back(packet.frame);
    pages.push_back(packet.page.value);
    memory_.packets.free(packet.page);
  }
  void sent(unsigned /*vcpu*/, PageNumber page) override {
    ++packets_sent;
    (void)memory_.pages.put(page);
    held.erase(held.find(page.value));
  }
  void has_room(unsigned /*vcpu*/) override { ++rooms; }

  /// False: the device is full.
  bool send(NetworkDevice& device, const EthernetFrame& frame, std::uint16_t offset = 2) {
    const PageNumber page = memory_.pages.allocate().value();
    held.insert(page.value);
    if (device.transmit(0, {frame, page, offset})) return true;
    held.erase(page.value);
    (void)memory_.pages.put(page);
    return false;
  }

  std::vector<EthernetFrame> arrived;
  std::vector<std::uint32_t> pages;  ///< that they arrived in
  std::uint64_t packets_sent = 0, rooms = 0;
  std::multiset<std::uint32_t> held;  ///< pages that the device has to send

 private:
  GuestMemory& memory_;
};

/// A machine whose monitor runs what is pending when it is told to. Domains 1, 2 ... run on processors in
/// turn, from the second on.
class NetworkMachine : private NetworkHost {
 public:
  struct Guest {
    Guest(NetworkMachine& machine, std::uint32_t number, CpuId on)
        : cpu(on),
          address(addresses::domain(number - 1)),
          memory({.memory = Bytes{std::int64_t{pages} * page_size}}, machine.memory, machine.cpu(on),
                 DomainId{number}, events),
          work(machine.paths),
          guest(kernel, memory.paging(), memory.usable_pages(), kernel_pages),
          vif(machine.network.add(memory.domain(), on, "guest", address)),
          driver(machine.memory.machine, memory.xen_paging(), {.page = vif.page, .mac = vif.mac},
                 [&machine, number, on] { machine.hypercall(on, DomainId{number}); }),
          client(guest) {
      work.on(&machine.cpu(on), &memory);
      driver.attach(client);
      driver.open(kernel, guest);
    }

    static constexpr std::uint32_t pages = 2048, kernel_pages = 64;
    CpuId cpu;
    Ipv4Address address;
    EventMask events;
    XenMemory memory;
    KernelWork work;
    KernelContext kernel{work, {.smp = false, .paravirtual = true}};
    GuestMemory guest;
    Vif& vif;
    XenNetwork driver;
    CountingClient client;
    std::uint64_t events_marked = 0;
  };
  struct Station final : FrameReceiver {
    void arrived(const EthernetFrame& frame) override { frames.push_back(frame); }
    std::vector<EthernetFrame> frames;
  };

  explicit NetworkMachine(std::uint32_t cpus = 2, std::uint32_t guests = 2)
      : context_{.cpus = cpus,
                 .shape = testbed_processor,
                 .calibration = calibration_,
                 .costs = costs_,
                 .survival = survival_,
                 .calendar = calendar,
                 .network = &ethernet},
        processors_(make_processors()),
        memory(context_, monitor_costs_, [this] { return FootprintId{footprints_++}; }),
        network(context_, {.mac = addresses::host_interface, .interrupts = {0}}, memory, *this) {
    network.connect(ethernet.attach(network.nic()));
    for (std::uint32_t i = 1; i <= guests; ++i) {
      all.push_back(std::make_unique<Guest>(*this, i, CpuId{i % cpus}));
    }
  }

  [[nodiscard]] Guest& guest(std::size_t i) { return *all[i]; }
  /// A segment between two addresses; the interfaces' addresses are what the monitor makes of them.
  [[nodiscard]] static EthernetFrame packet(Ipv4Address from, Ipv4Address to, std::uint32_t payload = 1000) {
    const MacAddress station = addresses::outside_interface(0), host = addresses::host_interface;
    const bool inbound = from == addresses::outside(0);
    const EthernetHeader header{inbound ? host : station, inbound ? station : host};
    return tcp_frame(header, {.source = from, .destination = to}, {.source_port = 1, .destination_port = 2},
                     payload);
  }
  /// From outside, in a burst.
  void arrive(const Guest& to, std::uint32_t packets = 1, std::uint32_t payload = 1000) {
    for (; packets > 0; --packets)
      (void)wire.send(packet(addresses::outside(0), to.address, payload), calendar.now());
  }
  /// Time passes: frames travel, the NIC interrupts, softirqs run. Guests do not.
  void pass(Time span) {
    const Time end = calendar.now() + span;
    calendar.run_until(end);
  }
  /// The guest runs until it has handled all its network events.
  void schedule(Guest& guest) {
    while (guest.events.any()) {
      (void)guest.events.take();
      guest.driver.interrupt(0);
    }
  }
  void schedule_all() {
    for (const auto& one : all) schedule(*one);
  }
  /// The timer that the monitor asked for.
  void expire(CpuId here) {
    catch_up(here);
    network.run_timers(here);
    softirqs(here);
  }
  void hypercall(CpuId here, DomainId domain) {
    catch_up(here);
    network.update(here, domain);
    softirqs(here);
  }

  /// Everything that has books.
  [[nodiscard]] std::string audit() {
    std::vector<const MemoryDomain*> domains;
    for (const auto& one : all) {
      domains.push_back(&one->memory.domain());
      if (std::string fault = one->driver.audit(); !fault.empty()) return fault;
      std::vector<std::uint32_t> references(one->guest.pages.size());
      one->driver.count_references(references);
      one->guest.packets.count_references(references);
      for (const std::uint32_t page : one->client.held) ++references[page];
      if (std::string fault = one->guest.pages.audit(references); !fault.empty()) return fault;
      for (std::uint32_t page = Guest::kernel_pages; page < Guest::pages; ++page) {
        const PageNumber number{page};
        if (one->driver.posted(number)) continue;
        if (one->memory.paging().page(one->memory.paging().frame(number)) != number) {
          return fmt::format("the frame of page {} is another's by the M2P", page);
        }
      }
    }
    if (std::string fault = network.audit(); !fault.empty()) return fault;
    return memory.audit(domains, network.held());
  }

  [[nodiscard]] std::uint64_t did(NetStep step) const { return network.work()[step]; }
  [[nodiscard]] Processor& cpu(CpuId id) { return *processors_[id.value]; }
  [[nodiscard]] Time monitor_time() const {
    Time sum{};
    for (const auto& processor : processors_) sum += processor->spent(Activity::monitor);
    return sum;
  }

 private:
  std::vector<std::unique_ptr<Processor>> make_processors() {
    std::vector<std::unique_ptr<Processor>> made;
    for (std::uint32_t i = 0; i < context_.cpus; ++i) {
      made.push_back(
          std::make_unique<Processor>(CpuId{i}, context_.shape, costs_, survival_, calendar, resume_, false));
    }
    return made;
  }
  void catch_up(CpuId here) { cpu(here).idle_until(calendar.now()); }
  void softirqs(CpuId here) {
    while (network.softirq_pending(here)) network.run_softirq(here);
  }

  [[nodiscard]] Processor& processor_of(CpuId id) override { return cpu(id); }
  void network_interrupt(CpuId here) override {
    ++interrupts;
    catch_up(here);
    network.interrupt(here);
    softirqs(here);
  }
  void network_event(CpuId /*here*/, DomainId domain) override {
    Guest& target = *all[domain.value - 1];
    ++target.events_marked;
    target.events.mark(EventBit::network);
  }
  void network_timer(CpuId here, Time at) override { timers.push_back({here, at}); }
  void interrupt_to_flush(CpuId here, CpuId /*there*/, Cycles /*time*/) override {
    ++remote_flushes;
    (void)here;
  }

  Calibration calibration_ = testbed_calibration();
  ProcessorCosts costs_{calibration_};
  MonitorCosts monitor_costs_{calibration_, costs_};
  SurvivalTable survival_{8192, 8};
  std::uint32_t footprints_ = 0;

 public:
  const KernelPathCosts paths = kernel_path_costs(calibration_, costs_);
  Calendar calendar;
  Station outside;
  Switch ethernet{calendar, LinkParameters(calibration_), SwitchParameters(calibration_)};
  Wire& wire = ethernet.attach(outside);  ///< of the machine outside
  std::uint64_t interrupts = 0, remote_flushes = 0;
  struct Timer {
    CpuId cpu;
    Time at;
  };
  std::vector<Timer> timers;

 private:
  struct NoResume {
    void on_resume() {}
  } nothing_;
  Event resume_{Event::calling<&NoResume::on_resume>(nothing_)};
  HostContext context_;
  std::vector<std::unique_ptr<Processor>> processors_;

 public:
  MonitorMemory memory;
  MonitorNetwork network;
  std::vector<std::unique_ptr<Guest>> all;
};

}  // namespace xensim
