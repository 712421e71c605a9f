/// Which Ethernet address belongs to which IP address: ARP (RFC 826) with the times of Linux 2.4.21.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "models/io/packet/arp.hpp"
#include "models/io/tcp/settings.hpp"

namespace xensim {

struct ArpTimes {
  /// Linux draws it between a half and one and a half of the base every 300 s; here it is the base.
  static constexpr Jiffies reachable = 30 * TcpTimes::hertz;
  static constexpr Jiffies delay = 5 * TcpTimes::hertz;  ///< from the use of an old entry to its first probe
  static constexpr Jiffies probe = TcpTimes::hertz;
  static constexpr unsigned probes = 3;
  static constexpr std::size_t waiting = 3;  ///< packets for an unknown neighbour
  static constexpr Jiffies forget = 60 * TcpTimes::hertz;
};

/// Without a clock and a network: says what has to be sent. `Packet`: whatever waits for an address.
template <class Packet>
class NeighbourCache {
 public:
  struct Send {
    ArpPacket arp;
    MacAddress to;
  };
  struct Ready {
    Packet packet;
    MacAddress to;
  };
  /// What has to be sent now; whoever looks clears it.
  std::vector<Send> messages;
  std::vector<Ready> packets;
  std::vector<Packet> given_up;

  NeighbourCache(MacAddress mac, Ipv4Address address) : mac_(mac), address_(address) {}

  /// The address to send to. Nothing: it is not known, and the packet is to be given to `wait`.
  [[nodiscard]] std::optional<MacAddress> resolve(Jiffies now, Ipv4Address to) {
    const auto found = entries_.find(to);
    if (found == entries_.end() || found->second.state == State::incomplete) return {};
    Entry& entry = found->second;
    entry.used = now;
    if (entry.state == State::reachable && now - entry.confirmed > ArpTimes::reachable) {
      entry.state = State::delayed;  // stale, and used
      entry.expires = now + ArpTimes::delay;
    }
    return entry.mac;
  }
  void wait(Jiffies now, Ipv4Address to, Packet packet) {
    auto [place, is_new] = entries_.try_emplace(to);
    Entry& entry = place->second;
    if (is_new) {
      entry.expires = now + ArpTimes::probe;
      entry.tries = 1;
      ask(to, MacAddress::broadcast());
    }
    if (entry.waiting.size() >= ArpTimes::waiting) {
      given_up.push_back(std::move(entry.waiting.front()));
      entry.waiting.pop_front();
    }
    entry.waiting.push_back(std::move(packet));
    entry.used = now;
  }
  /// Something from there proves that it is there (an acknowledgement of new data).
  void confirm(Jiffies now, Ipv4Address from) {
    const auto found = entries_.find(from);
    if (found != entries_.end() && found->second.state != State::incomplete) reached(now, found->second);
  }

  void receive(Jiffies now, const ArpPacket& arp) {
    const bool for_us = arp.target_ip == address_;
    auto found = entries_.find(arp.sender_ip);
    if (found == entries_.end() && for_us && arp.operation == ArpPacket::Operation::request) {
      found = entries_.try_emplace(arp.sender_ip).first;
    }
    if (found != entries_.end()) {
      Entry& entry = found->second;
      entry.mac = arp.sender_mac;
      entry.used = now;
      reached(now, entry);
      for (Packet& packet : entry.waiting) packets.push_back({std::move(packet), entry.mac});
      entry.waiting.clear();
    }
    if (for_us && arp.operation == ArpPacket::Operation::request) {
      messages.push_back(
          {{ArpPacket::Operation::reply, mac_, address_, arp.sender_mac, arp.sender_ip}, arp.sender_mac});
    }
  }

  [[nodiscard]] std::optional<Jiffies> deadline() const {
    std::optional<Jiffies> first;
    for (const auto& [ip, entry] : entries_) {
      if (entry.state != State::reachable && (!first || entry.expires < *first)) first = entry.expires;
    }
    return first;
  }
  void run_timers(Jiffies now) {
    for (auto place = entries_.begin(); place != entries_.end();) {
      Entry& entry = place->second;
      const bool old = entry.state == State::reachable && now - entry.used > ArpTimes::forget;
      if (old ||
          (entry.state != State::reachable && entry.expires <= now && !try_again(now, place->first, entry))) {
        for (Packet& packet : entry.waiting) given_up.push_back(std::move(packet));
        place = entries_.erase(place);
      } else {
        ++place;
      }
    }
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  enum class State : std::uint8_t { incomplete, reachable, delayed, probing };
  struct Entry {
    State state = State::incomplete;
    MacAddress mac;
    Jiffies confirmed = 0, used = 0, expires = 0;
    unsigned tries = 0;
    std::deque<Packet> waiting;
  };
  void reached(Jiffies now, Entry& entry) {
    entry.state = State::reachable;
    entry.confirmed = now;
    entry.tries = 0;
  }
  void ask(Ipv4Address ip, MacAddress to) {
    messages.push_back({{ArpPacket::Operation::request, mac_, address_, {}, ip}, to});
  }
  bool try_again(Jiffies now, Ipv4Address ip, Entry& entry) {
    if (entry.state == State::delayed) entry.state = State::probing;
    if (entry.tries >= ArpTimes::probes) return false;
    ++entry.tries;
    entry.expires = now + ArpTimes::probe;
    ask(ip, entry.state == State::incomplete ? MacAddress::broadcast() : entry.mac);
    return true;
  }

  MacAddress mac_;
  Ipv4Address address_;
  std::map<Ipv4Address, Entry> entries_;
};

}  // namespace xensim
