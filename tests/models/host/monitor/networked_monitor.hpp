/// Domains with network drivers under the whole monitor, and machines outside. Protocols only answer.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "models/host/monitor/monitor.hpp"
#include "tests/models/host/process_plan.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {

/// A program with nothing but system calls that do what a test wants.
using KernelCode = std::function<void(ProcessKernel&)>;
inline Call in_kernel(const KernelCode& code) {
  return Call{Call::Kind::system, [code](ProcessKernel& kernel, GuestProcess&) -> CallResult {
                code(kernel);
                return {};
              }};
}

class NetworkedMonitor {
 public:
  /// Answers each packet by one of the same size to its sender; or only counts.
  struct Protocol final : NetworkClient {
    explicit Protocol(bool its_answers) : answers(its_answers) {}
    void received(unsigned vcpu, const NetworkPacket& packet) override {
      ++arrived;
      (void)kernel->memory().pages.put(packet.page);
      if (!answers) return;
      const auto ip = Ipv4Header::read(packet.frame.network());
      send(vcpu, ip->destination, ip->source, packet.frame.length() - 54);
    }
    void sent(unsigned /*vcpu*/, PageNumber /*page*/) override { ++gone; }
    void has_room(unsigned /*vcpu*/) override {}
    /// From a page of the kernel's image, which nobody counts.
    void send(unsigned vcpu, Ipv4Address from, Ipv4Address to, std::uint32_t payload) {
      constexpr std::uint32_t first = 100, pages = 300;
      const PageNumber page{first + static_cast<std::uint32_t>(tried++ % pages)};
      const EthernetHeader header{addresses::outside_interface(0), {}};
      const EthernetFrame frame = tcp_frame(header, {.source = from, .destination = to},
                                            {.source_port = 1, .destination_port = 2}, payload);
      if (!device->transmit(vcpu, {frame, page, 2})) ++refused;
    }
    bool answers;
    NetworkDevice* device = nullptr;
    ProcessKernel* kernel = nullptr;
    std::uint64_t arrived = 0, gone = 0, tried = 0, refused = 0;
  };
  /// Remembers when what arrived.
  struct Station final : FrameReceiver {
    explicit Station(Calendar& its_calendar) : calendar(its_calendar) {}
    void arrived(const EthernetFrame& frame) override {
      arrivals.emplace_back(calendar.now().count(), frame.length());
    }
    Calendar& calendar;
    std::vector<std::pair<std::int64_t, std::uint32_t>> arrivals;
  };

  explicit NetworkedMonitor(bool strict = false, std::uint32_t cpus = 2, bool audits = true,
                            const Calibration& calibration = testbed_calibration())
      : calibration_(calibration),
        context_{.cpus = cpus,
                 .shape = testbed_processor,
                 .calibration = calibration_,
                 .costs = costs_,
                 .survival = survival_,
                 .calendar = calendar,
                 .network = &ethernet,
                 .audit = audits,
                 .strict = strict},
        monitor(parameters(), context_,
                SchedulerRegistry::instance().create("scheduler", Config(policy_), cpus)) {}

  /// A domain whose kernel has the protocol; then `body` runs.
  VcpuId start(Protocol& protocol, const Self::Body& body = {}) {
    const VcpuId vcpu{next_++};
    const Self::Body main = [this, &protocol, body, vcpu](Self self) {
      return boots(self, protocol, vcpu, body);
    };
    std::vector<Program> programs;
    programs.push_back(executes(main));
    if (monitor.start_domain(std::move(programs),
                             {.weight = 10, .warp = {}, .warp_limit = {}, .unwarp_requirement = {}}) != vcpu)
      throw SimulationError("domains are not numbered in turn");
    return vcpu;
  }
  void start_hog() {
    ++next_;
    std::vector<Program> programs;
    programs.push_back(hogs(set));
    monitor.start_domain(std::move(programs),
                         {.weight = 10, .warp = {}, .warp_limit = {}, .unwarp_requirement = {}});
  }
  /// From outside to a domain.
  void arrive(VcpuId to, Time at, std::uint32_t payload) {
    const EthernetHeader header{addresses::host_interface, addresses::outside_interface(0)};
    const Ipv4Header ip{.source = addresses::outside(0), .destination = address(to)};
    (void)wire.send(tcp_frame(header, ip, {.source_port = 1, .destination_port = 2}, payload), at);
  }
  [[nodiscard]] static Ipv4Address address(VcpuId domain) { return addresses::domain(domain.value - 1); }
  void run_until(Time end) {
    calendar.run_before(end);
    monitor.settle();
  }
  [[nodiscard]] Values read() const {
    Values values;
    ValueSink sink(values);
    monitor.report(sink, "");
    return values;
  }

 private:
  Program boots(Self self, Protocol& protocol, VcpuId vcpu, Self::Body body) {
    const KernelCode attach = [this, &protocol, vcpu](ProcessKernel& kernel) {
      protocol.kernel = &kernel;
      protocol.device = monitor.domain(vcpu).network();
      protocol.device->attach(protocol);
    };
    Call call = in_kernel(attach);
    co_await call;
    if (body) {
      Call jump = self.jump(body);
      co_await jump;
    }
    for (;;) co_yield Sleep{1000s};
  }
  static Program hogs(const WorkingSet& set) {
    for (;;) co_yield Compute{10s, &set};
  }
  static MonitorParameters parameters() {
    MonitorParameters p;
    p.memory = Bytes{std::int64_t{16} << 20};
    return p;
  }

  Json policy_ = "bvt-xen1";
  Calibration calibration_;
  ProcessorCosts costs_{calibration_};
  SurvivalTable survival_{8192, 8};
  std::uint32_t next_ = 1;

 public:
  WorkingSet set = WorkingSet::constant(64, Time{97'500}, 8);
  Calendar calendar;
  Station outside{calendar};
  Switch ethernet{calendar, LinkParameters(calibration_), SwitchParameters(calibration_)};
  Wire& wire = ethernet.attach(outside);

 private:
  HostContext context_;

 public:
  Monitor monitor;
};

}  // namespace xensim
