/// Packets wake domains, and domains wait for each other: network drivers under the whole monitor.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/models/host/monitor/networked_monitor.hpp"

namespace xensim {
namespace {

using Protocol = NetworkedMonitor::Protocol;

/// A packet in each of `packets` system calls.
Program sends(NetworkedMonitor& host, Protocol& protocol, VcpuId from, VcpuId to, int packets) {
  const KernelCode one = [&protocol, from, to](ProcessKernel&) {
    protocol.send(0, NetworkedMonitor::address(from), NetworkedMonitor::address(to), 500);
  };
  for (int i = 0; i < packets; ++i) {
    Call call = in_kernel(one);
    co_await call;
    co_yield Compute{300us, &host.set};
  }
}

TEST(XenNetworkProcesses, APacketFromOutsideWakesItsDomainWhichAnswers) {
  NetworkedMonitor host;
  Protocol echo(true);
  const VcpuId domain = host.start(echo);
  host.arrive(domain, 5ms, 1000);
  host.run_until(6ms);
  ASSERT_EQ(host.outside.arrivals.size(), 1U);
  const Time round_trip = Time{host.outside.arrivals[0].first} - 5ms;
  // Two links and a switch each way, 72 us of the NIC's patience, and a few of software.
  EXPECT_GT(round_trip, 72us + 2 * 2 * 8592ns);
  EXPECT_LT(round_trip, 170us);
  EXPECT_EQ(host.monitor.audit(), "");
  EXPECT_EQ(host.read().at("dom1/vif0/rx_packets"), 1);
  EXPECT_EQ(host.read().at("dom1/vif0/tx_packets"), 1);
}

TEST(XenNetworkProcesses, ABusyDomainInTheWayDelaysIt) {
  NetworkedMonitor idle(false, 1), busy(false, 1);
  Time answer[2];
  for (NetworkedMonitor* host : {&idle, &busy}) {
    Protocol echo(true);
    const VcpuId domain = host->start(echo);
    if (host == &busy) {
      for (int i = 0; i < 3; ++i) host->start_hog();
    }
    host->arrive(domain, 203ms, 100);
    host->run_until(1s);
    ASSERT_EQ(host->outside.arrivals.size(), 1U);
    answer[host == &busy ? 1 : 0] = Time{host->outside.arrivals[0].first};
    EXPECT_EQ(host->monitor.audit(), "");
  }
  EXPECT_LT(answer[0], 203ms + 170us);
  EXPECT_GE(answer[1], answer[0]);
}

TEST(XenNetworkProcesses, AProbeIsAnsweredBeforeThePacketThatWaitedWithIt) {
  // Events are taken lowest bit first.
  NetworkedMonitor host(false, 1);
  Protocol counts(false);
  const VcpuId domain = host.start(counts);
  for (int i = 0; i < 3; ++i) host.start_hog();
  host.run_until(202ms);
  std::vector<std::uint64_t> had_arrived;
  for (int i = 0; i < 20; ++i) {
    const Time now = host.calendar.now();
    const std::uint64_t before = counts.arrived;
    host.arrive(domain, now, 100);
    host.monitor.probe(domain, [&, before](Time) { had_arrived.push_back(counts.arrived - before); });
    host.run_until(now + 41ms);
  }
  ASSERT_EQ(had_arrived.size(), 20U);
  ASSERT_EQ(counts.arrived, 20U);
  for (const std::uint64_t packets : had_arrived) EXPECT_EQ(packets, 0U);
}

TEST(XenNetworkProcesses, TheMonitorsDoIrqAndDoSoftirqTakeTime) {
  const auto monitors = [](const Json& overrides) {
    NetworkedMonitor host(false, 1, false, testbed_calibration(overrides));
    Protocol counts(false);
    const VcpuId domain = host.start(counts);
    for (int i = 0; i < 100; ++i) host.arrive(domain, 100ms + i * 1ms, 100);
    host.run_until(300ms);
    const Values values = host.read();
    EXPECT_EQ(values.at("nic/interrupts"), 100);
    return values.at("cpu0/time/monitor") + values.at("cpu0/time/interrupts");
  };
  constexpr double dear = 10'000;  // instructions: 8.8 us, and those of code that no cache has
  const double plain = monitors(Json::object());
  EXPECT_GT(monitors({{"monitor.device_interrupt", dear}}) - plain, 100 * 8.8e-6);
  EXPECT_GT(monitors({{"monitor.softirqs", dear}}) - plain, 100 * 8.8e-6);
}

TEST(XenNetworkProcesses, DomainsExchangePackets) {
  NetworkedMonitor host;
  Protocol echo(true), asks(false);
  const VcpuId server = host.start(echo);
  const VcpuId client{2};
  const Self::Body body = [&](Self) { return sends(host, asks, client, server, 200); };
  ASSERT_EQ(host.start(asks, body), client);
  host.run_until(500ms);
  EXPECT_EQ(echo.arrived, 200U);
  EXPECT_EQ(asks.arrived, 200U);
  EXPECT_TRUE(host.outside.arrivals.empty());
  EXPECT_EQ(host.monitor.audit(), "");
}

TEST(XenNetworkProcesses, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto times = *rc::gen::resize(
        30, rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 30'000)));
    const auto hogs = *rc::gen::inRange(0, 3);
    const auto outcome = [&](bool strict) {
      NetworkedMonitor host(strict, 2, false);
      Protocol first(true), second(true), third(false);
      const VcpuId a = host.start(first), b = host.start(second), c{3};
      const Self::Body body = [&](Self) { return sends(host, third, c, a, 20); };
      host.start(third, body);
      for (int i = 0; i < hogs; ++i) host.start_hog();
      Time at = 1ms;
      for (const std::uint32_t time : times) {
        at += Time{time} * 10'000;
        host.arrive(time % 2 == 0 ? a : b, at, time % 1400);
      }
      host.run_until(60ms);
      RC_ASSERT(host.monitor.audit() == "");
      return std::pair(host.read(), host.outside.arrivals);
    };
    RC_ASSERT(outcome(false) == outcome(true));
  }));
}

}  // namespace
}  // namespace xensim
