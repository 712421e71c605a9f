/// A guest kernel on one bare processor whose interface is joined to a machine outside.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "models/io/tcp/endpoint.hpp"
#include "tests/models/guest/kernel/bare_kernel.hpp"

namespace xensim {

class NetworkFixture final : public BareKernel, private EndpointClient {
 public:
  static constexpr std::uint32_t pages = 32768;
  static constexpr Ipv4Address here = Ipv4Address::of(10, 0, 0, 1), there = Ipv4Address::of(10, 0, 0, 2);

  explicit NetworkFixture(std::uint32_t mtu = 1500, bool sums = true)
      : BareKernel(pages, {}, std::make_unique<Device>(*this, mtu, sums)),
        outside({.mac = {{2, 0, 0, 0, 0, 2}}, .address = there, .tcp = {.mtu = mtu}, .socket_buffer = 131072},
                *this) {}

  void start(Program program) { kernel_.start(std::move(program), now()); }
  void run(Time until) {
    while (now() < until) {
      if (outside_is_next()) continue;
      if (!to_kernel_.empty() && to_kernel_.front().at <= now()) {
        const Flight flight = to_kernel_.front();
        to_kernel_.pop();
        interrupt(flight.frame);
      } else if (next_tick_ <= now()) {
        kernel_.timer(0, now(), GuestKernel::TimerDuty::keep_time_and_charge);
        next_tick_ += GuestKernel::tick_length;
      } else {
        step(until);
      }
    }
  }

  [[nodiscard]] const NetworkStack& stack() const { return processes_.network(); }
  [[nodiscard]] Time spent(Activity activity) const { return processor_.spent(activity); }
  [[nodiscard]] std::string audit() const { return processes_.audit(); }

  // What the machine outside sees.
  std::map<Connection, std::uint64_t> got;
  std::map<Connection, bool> done, ends, failures;
  std::vector<Connection> connections;
  std::uint64_t frames_out = 0, frames_in = 0;
  std::function<void(Connection)> on_connected;
  std::function<void(std::uint16_t from_port, std::uint32_t bytes)> on_datagram;
  std::function<void(bool leaves, const EthernetFrame&)> tap;
  std::uint32_t frame_size = 0;  ///< bytes that each received one takes of its buffer; 0: as of a tg3
  Time delay = 20us;
  Time gap = 12304ns;  ///< 1538 bytes at 1 Gb/s

 private:
  class Device final : public NetworkDevice {
   public:
    Device(NetworkFixture& all, std::uint32_t mtu, bool sums) : all_(all), mtu_(mtu), sums_(sums) {}
    [[nodiscard]] MacAddress mac() const override { return {{2, 0, 0, 0, 0, 1}}; }
    [[nodiscard]] std::uint32_t mtu() const override { return mtu_; }
    [[nodiscard]] bool sums() const override { return sums_; }
    [[nodiscard]] std::uint32_t receive_size(std::uint32_t length) const override {
      return all_.frame_size > 0 ? all_.frame_size : TcpSettings::receive_size(length);
    }
    void attach(NetworkClient& client) override { client_ = &client; }
    [[nodiscard]] bool transmit(unsigned vcpu, const NetworkPacket& packet) override {
      all_.leaves(packet.frame);
      client_->sent(vcpu, packet.page);
      return true;
    }
    [[nodiscard]] NetworkClient& client() { return *client_; }

   private:
    NetworkFixture& all_;
    std::uint32_t mtu_;
    bool sums_;
    NetworkClient* client_ = nullptr;
  };
  struct Flight {
    Time at;
    EthernetFrame frame;
  };

  void leaves(const EthernetFrame& frame) {
    ++frames_out;
    if (tap) tap(true, frame);
    free_out_ = std::max(free_out_, now()) + gap;
    to_outside_.push({free_out_ + delay, frame});
  }
  void interrupt(const EthernetFrame& frame) {
    ++frames_in;
    if (tap) tap(false, frame);
    processes_.run_on(0);
    const auto page = processes_.memory().pages.allocate(0, PageAllocator::Need::atomic);
    ASSERT_TRUE(page);
    static_cast<Device&>(*network()).client().received(0, {frame, *page, 2});
  }
  /// Does what is due outside. False: nothing is, before the kernel's present.
  bool outside_is_next() {
    const Time arrival = to_outside_.empty() ? never : to_outside_.front().at;
    const Time timer = outside.next_timer();
    if (std::min(arrival, timer) > now()) return false;
    if (arrival <= timer) {
      const Flight flight = to_outside_.front();
      to_outside_.pop();
      outside.receive(flight.at, flight.frame);
    } else {
      outside.run_timers(timer);
    }
    return true;
  }
  void step(Time until) {
    const GuestKernel::Next next = kernel_.return_to_user(0);
    if (next == GuestKernel::Next::user) kernel_.computed(0, kernel_.computation(0).remaining, true);
    if (next != GuestKernel::Next::idle) return;
    Time event = std::min({until, next_tick_, outside.next_timer()});
    if (!to_kernel_.empty()) event = std::min(event, to_kernel_.front().at);
    if (!to_outside_.empty()) event = std::min(event, to_outside_.front().at);
    processor_.idle_until(std::max(event, now()));
  }

  // EndpointClient
  void transmit(Time when, const EthernetFrame& frame) override {
    free_in_ = std::max(free_in_, when) + gap;
    to_kernel_.push({free_in_ + delay, frame});
  }
  void connected(Time, Connection id, std::uint16_t) override {
    connections.push_back(id);
    if (on_connected) on_connected(id);
  }
  void received(Time, Connection id, std::uint64_t bytes) override { got[id] += bytes; }
  void delivered(Time, Connection id) override { done[id] = true; }
  void ended(Time, Connection id) override { ends[id] = true; }
  void lost(Time, Connection id) override { failures[id] = true; }
  void datagram(Time, Ipv4Address, std::uint16_t from_port, std::uint16_t, std::uint32_t bytes) override {
    if (on_datagram) on_datagram(from_port, bytes);
  }

  std::queue<Flight> to_kernel_, to_outside_;
  Time free_in_{}, free_out_{}, next_tick_ = GuestKernel::tick_length;

 public:
  NetworkEndpoint outside;
};

}  // namespace xensim
