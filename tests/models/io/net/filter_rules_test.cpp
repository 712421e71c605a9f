#include "models/io/net/filter_rules.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/io/packet/frame.hpp"
#include "tests/models/io/packet/octets.hpp"

namespace xensim {
namespace {

using Protocol = FilterRule::Protocol;

constexpr VifId control = VifId::of(DomainId{0}, 0), web = VifId::of(DomainId{1}, 0),
                mail = VifId::of(DomainId{2}, 0);
const Ipv4Address web_ip = Ipv4Address::of(10, 0, 0, 1), mail_ip = Ipv4Address::of(10, 0, 0, 2),
                  outside = Ipv4Address::of(192, 168, 7, 7);
constexpr std::uint32_t whole = 0xffffffff;

/// The two rules that the tools install for a guest's interface.
FilterRule outbound(Ipv4Address source, VifId vif) {
  return {.source = source, .source_mask = whole, .source_vif = vif, .destination_vif = physical_vif};
}
FilterRule inbound(Ipv4Address destination, VifId vif) {
  return {.destination = destination, .destination_mask = whole, .destination_vif = vif};
}

EthernetFrame packet(Ipv4Address from, Ipv4Address to, MacAddress sender = {}) {
  return tcp_frame({{}, sender}, {.source = from, .destination = to},
                   {.source_port = 5, .destination_port = 80}, 0);
}
VifId route(const FilterRules& rules, const EthernetFrame& frame, VifId from) {
  return rules.route(frame.known(), frame.length(), from).to;
}

FilterRules two_guests() {
  FilterRules rules;
  for (const auto& [ip, vif] : {std::pair{web_ip, web}, std::pair{mail_ip, mail}}) {
    rules.add(outbound(ip, vif));
    rules.add(inbound(ip, vif));
  }
  return rules;
}

TEST(FilterRules, NothingPassesWithoutRules) {
  EXPECT_EQ(route(FilterRules(), packet(web_ip, outside), web), unknown_vif);
}

TEST(FilterRules, AGuestReachesTheWireItsNeighbourAndIsReached) {
  const FilterRules rules = two_guests();
  EXPECT_EQ(route(rules, packet(web_ip, outside), web), physical_vif);
  EXPECT_EQ(route(rules, packet(web_ip, mail_ip), web), mail);
  EXPECT_EQ(route(rules, packet(outside, web_ip), physical_vif), web);
}

TEST(FilterRules, AForgedSenderGoesNowhere) {
  EXPECT_EQ(route(two_guests(), packet(mail_ip, outside), web), unknown_vif);
}

TEST(FilterRules, PacketsDoNotReturnToTheInterfaceTheyCameFrom) {
  EXPECT_EQ(route(two_guests(), packet(web_ip, web_ip), web), physical_vif);
}

TEST(FilterRules, TheFirstRealInterfaceWinsOverAnySpecialDestination) {
  FilterRules rules;
  rules.add({.destination_vif = mail});
  rules.add({.destination_vif = control});
  rules.add({.destination_vif = physical_vif});
  const EthernetFrame frame = packet(web_ip, outside);
  EXPECT_EQ(route(rules, frame, web), control) << "new rules stand first";
  EXPECT_EQ(rules.route(frame.known(), frame.length(), web).rules_tried, 2U) << "it ends the walk";
}

TEST(FilterRules, AmongSpecialDestinationsTheLastWins) {
  FilterRules rules;
  rules.add({.destination_vif = physical_vif});
  rules.add({.destination_vif = unknown_vif});
  EXPECT_EQ(route(rules, packet(web_ip, outside), web), physical_vif);
  rules = FilterRules();
  rules.add({.destination_vif = unknown_vif});
  rules.add({.destination_vif = physical_vif});
  EXPECT_EQ(route(rules, packet(web_ip, outside), web), unknown_vif);
}

TEST(FilterRules, TheWalkIsAsLongAsTheList) {
  FilterRules rules;
  for (std::uint32_t i = 0; i < 100; ++i) {
    rules.add(outbound({i}, VifId::of(DomainId{i}, 0)));
    rules.add(inbound({i}, VifId::of(DomainId{i}, 0)));
  }
  const EthernetFrame first_guest = packet(outside, {0}), last_guest = packet(outside, {99});
  EXPECT_EQ(rules.route(first_guest.known(), 60, physical_vif).rules_tried, 199U) << "the oldest stands last";
  EXPECT_EQ(rules.route(last_guest.known(), 60, physical_vif).rules_tried, 1U);
  const EthernetFrame out = packet({99}, outside);
  EXPECT_EQ(rules.route(out.known(), 60, VifId::of(DomainId{99}, 0)).rules_tried, 200U);
}

TEST(FilterRules, RemovesTheFirstThatIsEqualInEveryField) {
  FilterRules rules = two_guests();
  FilterRule other = outbound(web_ip, web);
  other.action = FilterRule::Action::count;
  EXPECT_FALSE(rules.remove(other));
  EXPECT_TRUE(rules.remove(outbound(web_ip, web)));
  EXPECT_FALSE(rules.remove(outbound(web_ip, web)));
  EXPECT_EQ(rules.list().size(), 3U);
  EXPECT_EQ(route(rules, packet(web_ip, outside), web), unknown_vif);
}

TEST(FilterRules, TheActionIsIgnored) {
  FilterRules rules;
  FilterRule rule = outbound(web_ip, web);
  rule.action = FilterRule::Action::count;
  rules.add(rule);
  EXPECT_EQ(route(rules, packet(web_ip, outside), web), physical_vif);
}

TEST(FilterRules, ArpIsMatchedByTheAddressesInIt) {
  FilterRules rules = two_guests();
  const EthernetFrame ask =
      arp_frame({MacAddress::broadcast(), {}}, {.sender_ip = outside, .target_ip = mail_ip});
  EXPECT_EQ(route(rules, ask, physical_vif), mail);
  EXPECT_EQ(rules.route(ask.known(), 41, physical_vif).to, unknown_vif) << "too short to look at";
  FilterRule only_ip = inbound(mail_ip, web);
  only_ip.protocol = Protocol::ip;
  rules.add(only_ip);
  EXPECT_EQ(route(rules, ask, physical_vif), mail);
}

TEST(FilterRules, OtherEthernetTypesGoNowhere) {
  FilterRules rules;
  rules.add({.destination_vif = physical_vif});
  EthernetFrame frame = packet(web_ip, outside);
  store_network(frame.known(), EthernetHeader::type_offset, std::uint16_t{0x86dd});
  EXPECT_EQ(rules.route(frame.known(), frame.length(), web).to, unknown_vif);
}

TEST(FilterRules, AsShippedAByteOfTheSendersAddressPassesForTheProtocol) {
  const FilterRule tcp_only{.protocol = Protocol::tcp, .destination_vif = physical_vif};
  FilterRules shipped, intended(PacketLook::intended);
  shipped.add(tcp_only);
  intended.add(tcp_only);
  const EthernetFrame plain = packet(web_ip, outside);
  const EthernetFrame lucky = packet(web_ip, outside, {{0, 0, 0, 6, 0, 0}});
  EXPECT_EQ(route(shipped, plain, web), unknown_vif);
  EXPECT_EQ(route(shipped, lucky, web), physical_vif);
  EXPECT_EQ(route(intended, plain, web), physical_vif);
}

TEST(FilterRules, AsShippedPortsAreAlwaysZero) {
  const FilterRule to_web_server{
      .destination_port = 80, .destination_port_mask = 0xffff, .destination_vif = web};
  FilterRules shipped, intended(PacketLook::intended);
  shipped.add(to_web_server);
  intended.add(to_web_server);
  EXPECT_EQ(route(shipped, packet(outside, web_ip), physical_vif), unknown_vif);
  EXPECT_EQ(route(intended, packet(outside, web_ip), physical_vif), web);
}

TEST(FilterRules, ArbitraryFramesFromAnywhereGetARoute) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& data, std::uint32_t length, std::uint32_t from) {
    std::vector<std::byte> bytes = test::octets(data);
    if (bytes.size() > 13) {
      bytes[12] = std::byte{8};
      bytes[13] &= std::byte{6};
    }
    FilterRules rules = two_guests();
    RC_ASSERT(rules.route(bytes, length, VifId{from}).rules_tried <= 4U);
  }));
}

TEST(FilterRules, TheDestinationIsTheFirstRealOneElseTheLastThatMatches) {
  EXPECT_TRUE(rc::check([] {
    const auto rule = rc::gen::apply(
        [](bool source, std::uint32_t to) {
          const VifId destinations[] = {unknown_vif, physical_vif, any_vif, control, web, mail};
          return FilterRule{
              .source = source ? web_ip : outside, .source_mask = whole, .destination_vif = destinations[to]};
        },
        rc::gen::arbitrary<bool>(), rc::gen::inRange(0U, 6U));
    const auto list = *rc::gen::container<std::vector<FilterRule>>(rule);
    FilterRules rules;
    VifId last = unknown_vif, first_real = unknown_vif;
    for (const FilterRule& one : list) rules.add(one);
    for (auto one = list.rbegin(); one != list.rend(); ++one) {
      if (one->source != web_ip || one->destination_vif == web) continue;
      last = one->destination_vif;
      if (first_real == unknown_vif && !last.special()) first_real = last;
    }
    RC_ASSERT(route(rules, packet(web_ip, outside), web) == (first_real != unknown_vif ? first_real : last));
  }));
}

}  // namespace

}  // namespace xensim
