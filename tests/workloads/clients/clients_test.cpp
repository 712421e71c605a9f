/// Machines outside talk to each other over the switch, without any simulated host.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "core/json.hpp"
#include "tests/models/testbed.hpp"
#include "workloads/clients/outside_machine.hpp"

namespace xensim {
namespace {

class Values final : public StatisticSink {
 public:
  void value(std::string_view path, const Statistic& statistic, double value) override {
    by_name[std::string(path) + std::string(statistic.name)] = value;
  }
  std::map<std::string, double> by_name;
};

/// Answers every datagram to where it came from.
class Echo final : public OutsideMachine {
 public:
  using OutsideMachine::OutsideMachine;

 private:
  void datagram(Time /*at*/, Ipv4Address from, std::uint16_t from_port, std::uint16_t port,
                std::uint32_t bytes) override {
    act([&](NetworkEndpoint& endpoint, Time at) {
      endpoint.send_datagram(at, port, from, from_port, bytes);
    });
  }
};

/// Opens many connections, sends a little on each, and counts those that got through.
class ManyConnections final : public OutsideMachine {
 public:
  using OutsideMachine::OutsideMachine;
  void work(World& world, Ipv4Address to, std::uint32_t count) {
    World::Signal all(world);
    all_ = &all;
    waiting_ = count;
    for (std::uint32_t i = 0; i < count; ++i) {
      (void)act([&](NetworkEndpoint& endpoint, Time at) { return endpoint.connect(at, to, 5001); });
    }
    all.wait();
    finished = world.now();
  }
  Time finished{};

 private:
  void connected(Time /*at*/, Connection connection, std::uint16_t /*port*/) override {
    act([&](NetworkEndpoint& endpoint, Time at) {
      endpoint.send(at, connection, 10'000);
      endpoint.shutdown(at, connection);
    });
  }
  void delivered(Time /*at*/, Connection /*connection*/) override {
    if (--waiting_ == 0) all_->give();
  }
  World::Signal* all_ = nullptr;
  std::uint32_t waiting_ = 0;
};

struct ClientsTest : ::testing::Test {
  /// A template whose first machine gets this place on the network.
  Client& add(const Json& behaviour, std::uint32_t station) {
    configurations.push_back(std::make_unique<Json>(behaviour));
    clients.push_back(ClientRegistry::instance().create("client", Config(*configurations.back()), context));
    stations.push_back(station);
    return *clients.back();
  }
  /// Everything for so long; measured from the beginning.
  void run(Time duration) {
    World world;
    world.add_host("host", calendar);
    for (std::size_t i = 0; i < clients.size(); ++i) {
      clients[i]->start(world, {"client" + std::to_string(i), 0, stations[i], RandomStream(1, "client")});
    }
    world.add_actor("operator", [&] { World::sleep(duration); });
    world.run();
  }
  std::map<std::string, double> report(const Client& client) {
    Values values;
    client.report(values, "", calendar.now());
    return values.by_name;
  }

  Calibration calibration = testbed_calibration();
  Calendar calendar;
  LinkParameters link{calibration};
  SwitchParameters ethernet{calibration};
  Switch network{calendar, link, ethernet};
  /// Instance n is the machine at place n.
  ClientContext context{.calendar = calendar,
                        .network = network,
                        .calibration = calibration,
                        .address = [](std::uint32_t instance) { return addresses::outside(instance); }};
  std::vector<std::unique_ptr<Json>> configurations;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::uint32_t> stations;
};

TEST_F(ClientsTest, AStreamBetweenMachinesWithoutProcessorsFillsTheWire) {
  Client& sink = add({{"name", "ttcp_peer"}, {"role", "sink"}}, 0);
  Client& source = add({{"name", "ttcp_peer"}, {"role", "source"}, {"amount", "100 MiB"}}, 1);
  run(1500ms);
  EXPECT_EQ(report(sink)["transfers"], 1);
  // And the next one has begun.
  EXPECT_GE(report(sink)["bytes"], 100 << 20);
  EXPECT_GE(report(source)["bytes"], 100 << 20);
  // 1448 of 1538 bytes are payload: 897.87 * 2^20 bit/s.
  EXPECT_NEAR(report(sink)["rate"], 897.87, 4);
  EXPECT_EQ(network.counts().dropped, 0U);
}

TEST_F(ClientsTest, SmallPacketsFillTheWireToo) {
  Client& sink = add({{"name", "ttcp_peer"}, {"role", "either"}, {"instance", 9}, {"mtu", 500}}, 0);
  add({{"name", "ttcp_peer"}, {"role", "source"}, {"amount", "100 MiB"}}, 1);
  run(1500ms);
  // 448 of 538 bytes.
  EXPECT_NEAR(report(sink)["rate"], 794.1, 4);
}

TEST_F(ClientsTest, AMachineThatTakesTimeForEachFrameIsTheBottleneck) {
  Client& sink = add({{"name", "ttcp_peer"}, {"role", "sink"}, {"mtu", 500}, {"service", "10 us"}}, 0);
  add({{"name", "ttcp_peer"}, {"role", "source"}, {"amount", "20 MiB"}}, 1);
  run(1500ms);
  // 448 bytes in 10 us, and half an acknowledgement: 228 * 2^20 bit/s.
  EXPECT_NEAR(report(sink)["rate"], 228, 15);
}

TEST_F(ClientsTest, AProberTimesTheWayThereAndBack) {
  const Echo echo(context, {.station = 0});
  Client& prober = add({{"name", "udp_prober"}, {"bytes", 1000}, {"period", "10 ms"}, {"jitter", "1 ms"}}, 1);
  run(10s);
  const auto values = report(prober);
  EXPECT_NEAR(values.at("probes"), 1000, 1);
  EXPECT_NEAR(values.at("answers"), values.at("probes"), 1);
  const Time way = 2 * (link.byte_time * (1042 + link.overhead) + link.propagation) + ethernet.latency;
  // The first waits for an answer to ARP besides.
  EXPECT_NEAR(values.at("response/mean"), to_seconds(2 * way) * 1e3, 0.001);
  EXPECT_LT(values.at("response/sd"), 0.003);
}

TEST_F(ClientsTest, AProberWithoutAnswersSaysSo) {
  Client& prober = add({{"name", "udp_prober"}, {"instance", 7}}, 0);
  run(2s);
  EXPECT_GT(report(prober)["probes"], 15);
  EXPECT_EQ(report(prober)["answers"], 0);
  EXPECT_FALSE(report(prober).contains("response/mean"));
}

TEST_F(ClientsTest, OneActorDrivesHundredsOfConnections) {
  Client& sink = add({{"name", "ttcp_peer"}, {"role", "sink"}}, 0);
  ManyConnections many(context, {.station = 1});
  World world;
  world.add_host("host", calendar);
  sink.start(world, {"sink", 0, 0, RandomStream(1, "sink")});
  world.add_actor("many", [&] { many.work(world, addresses::outside(0), 300); });
  world.run();
  EXPECT_EQ(report(sink)["bytes"], 300 * 10'000);
  EXPECT_GT(many.finished, 0s);
  // Who finds the listener's queue full asks again after 3 s, and after 6 s more.
  EXPECT_LT(many.finished, 10s);
}

TEST_F(ClientsTest, TheSameRunGivesTheSameResultsAgain) {
  const auto once = [this] {
    Calendar another;
    Switch another_network(another, link, ethernet);
    const ClientContext elsewhere{.calendar = another,
                                  .network = another_network,
                                  .calibration = calibration,
                                  .address = context.address};
    const Json sink{{"name", "ttcp_peer"}, {"role", "sink"}},
        source{{"name", "ttcp_peer"}, {"role", "source"}, {"amount", "5 MiB"}};
    const auto a = ClientRegistry::instance().create("client", Config(sink), elsewhere);
    const auto b = ClientRegistry::instance().create("client", Config(source), elsewhere);
    World world;
    world.add_host("host", another);
    a->start(world, {"a", 0, 0, RandomStream(1, "a")});
    b->start(world, {"b", 0, 1, RandomStream(1, "b")});
    world.add_actor("operator", [] { World::sleep(1s); });
    world.run();
    return std::pair{report(*a), another.dispatched()};
  };
  EXPECT_EQ(once(), once());
}

}  // namespace
}  // namespace xensim
