#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/random.hpp"
#include "tests/models/io/tcp/two_endpoints.hpp"

namespace xensim {
namespace {

/// Frames are lost, copied and delayed beyond others, each with its own probability in per mille.
struct Trouble {
  int lost, copied, late;
};

Trouble any_trouble() {
  return {*rc::gen::inRange(0, 200), *rc::gen::inRange(0, 200), *rc::gen::inRange(0, 300)};
}

void disturb(TwoEndpoints& two, const Trouble& trouble, std::uint64_t seed) {
  two.fault = [=, random = RandomStream(seed, "link")](unsigned, const EthernetFrame&) mutable {
    LinkFault fault;
    const auto chance = [&](int per_mille) { return random.between(Time{0}, Time{999}).count() < per_mille; };
    fault.lost = chance(trouble.lost);
    if (chance(trouble.copied)) fault.copies = 2;
    if (chance(trouble.late)) fault.delay = random.between(Time{0}, Time{2ms});
    return fault;
  };
}

TEST(TcpOverBadLinks, EveryByteArrivesOnceAndBothSidesEnd) {
  EXPECT_TRUE(rc::check([] {
    const Trouble trouble = any_trouble();
    const auto there = *rc::gen::inRange<std::uint64_t>(1, 300'000);
    const auto back = *rc::gen::inRange<std::uint64_t>(0, 100'000);
    NetworkEndpoint::Options first = TwoEndpoints::options(1), second = TwoEndpoints::options(2);
    first.tcp.mtu = second.tcp.mtu = *rc::gen::element<std::uint32_t>(500, 1500, 9000);
    first.socket_buffer = *rc::gen::element<std::uint32_t>(0, 8192, 131072);
    second.socket_buffer = *rc::gen::element<std::uint32_t>(0, 8192, 131072);
    first.tcp.time_stamps = *rc::gen::arbitrary<bool>();
    second.tcp.selective_acknowledgements = *rc::gen::arbitrary<bool>();
    TwoEndpoints two(first, second);
    disturb(two, trouble, *rc::gen::arbitrary<std::uint64_t>());
    two.b.endpoint.listen(80);
    two.b.on_connected = [&](TcpLayer::Id id) {
      two.b.endpoint.send(two.now, id, back);
      two.b.endpoint.shutdown(two.now, id);
    };
    const auto id = two.a.endpoint.connect(two.now, second.address, 80);
    two.a.endpoint.send(two.now, id, there);
    two.a.endpoint.shutdown(two.now, id);
    two.run(20000s);
    if (two.a.failures[id]) return;  // a connection may give up after enough losses in a row
    RC_ASSERT(two.b.connections.size() == 1U);
    const auto other = two.b.connections.front();
    RC_ASSERT(two.b.got[other] == there);
    RC_ASSERT(two.a.got[id] == back);
    RC_ASSERT(two.a.ends[id]);
    RC_ASSERT(two.b.ends[other]);
    RC_ASSERT(two.a.endpoint.tcp().audit().empty());
    RC_ASSERT(two.b.endpoint.tcp().audit().empty());
  }));
}

TEST(TcpOverBadLinks, ConnectionsLeaveNothingBehindOnceClosed) {
  EXPECT_TRUE(rc::check([] {
    TwoEndpoints two;
    disturb(two, any_trouble(), *rc::gen::arbitrary<std::uint64_t>());
    two.b.endpoint.listen(80);
    two.b.on_connected = [&](TcpLayer::Id id) { two.b.endpoint.close(two.now, id); };
    two.a.on_connected = [&](TcpLayer::Id id) { two.a.endpoint.close(two.now, id); };
    const auto count = *rc::gen::inRange(1, 20);
    for (int i = 0; i < count; ++i) {
      (void)two.a.endpoint.connect(two.now, TwoEndpoints::options(2).address, 80);
      two.run(two.now + 10ms);
    }
    two.run(20000s);
    RC_ASSERT(two.a.endpoint.tcp().size() == 0U);
    RC_ASSERT(two.b.endpoint.tcp().size() == 0U);
  }));
}

}  // namespace
}  // namespace xensim
