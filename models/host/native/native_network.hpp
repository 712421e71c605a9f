/// The driver of the network interface in a native kernel: tg3 of Linux 2.4.21, which polls (NAPI).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "models/guest/kernel/virtual_machine.hpp"
#include "models/guest/memory/guest_memory.hpp"
#include "models/guest/network/network_device.hpp"
#include "models/io/net/nic.hpp"
#include "models/io/tcp/settings.hpp"

namespace xensim {

/// What the processor waits for at the controller's registers.
struct NicAccessCosts {
  explicit NicAccessCosts(const Calibration& calibration);
  Cycles mailbox_write, register_read;
};

/// An interrupt masks the controller and asks to be polled; polling goes on, packet by packet, until nothing
/// is left, and enables interrupts again. Packets of up to 256 bytes are copied out of their buffers, others
/// handed up with them and replaced.
///
/// A poll begins with a round: sent packets are taken back, up to 64 received ones follow. After 300 packets
/// or a jiffy the softirq lets the processor do something else.
/// Source: drivers/net/tg3.c and net/core/dev.c of Linux 2.4.21, from a description.
class NativeNetwork final : public NetworkDevice {
 public:
  struct Options {
    MacAddress mac;
    std::uint32_t mtu = 1500;
  };
  /// `interrupt` is called from the calendar. Everything else outlives this.
  NativeNetwork(Calendar& calendar, const Calibration& calibration, VirtualMachine& machine,
                const Options& options, std::function<void()> interrupt);

  /// Allocates buffers from the guest's memory and begins to receive.
  void open(unsigned vcpu, const KernelContext& kernel, GuestMemory& memory);
  /// Its interrupt handler.
  void interrupt(unsigned vcpu);
  enum class Polled : std::uint8_t {
    more,       ///< go on, after interrupts
    exhausted,  ///< go on later
    done,       ///< the controller interrupts again
  };
  /// It was asked to be polled, and has more to do.
  [[nodiscard]] bool scheduled() const { return scheduled_; }
  /// A step of the softirq: at most one packet up.
  [[nodiscard]] Polled poll(unsigned vcpu);

  [[nodiscard]] MacAddress mac() const override { return nic_.mac(); }
  [[nodiscard]] std::uint32_t mtu() const override { return mtu_; }
  [[nodiscard]] bool sums() const override { return Nic::sums(); }
  [[nodiscard]] std::uint32_t receive_size(std::uint32_t length) const override {
    return TcpSettings::receive_size(length);
  }
  void attach(NetworkClient& client) override { client_ = &client; }
  [[nodiscard]] bool transmit(unsigned vcpu, const NetworkPacket& packet) override;

  [[nodiscard]] Nic& nic() { return nic_; }
  [[nodiscard]] const Nic& nic() const { return nic_; }
  void count_references(std::span<std::uint32_t> references) const override;
  [[nodiscard]] std::string audit() const { return nic_.audit(); }

 private:
  static constexpr std::uint32_t weight = 64, budget = 300, copy_threshold = TcpSettings::copy_limit;
  static constexpr std::uint16_t packet_offset = 2;  ///< NET_IP_ALIGN: the IP header starts at a word

  [[nodiscard]] Processor& processor(unsigned vcpu) { return machine_.processor(vcpu); }
  [[nodiscard]] Time now(unsigned vcpu) { return processor(vcpu).clock.local(); }
  void begin_round(unsigned vcpu);
  void reap(unsigned vcpu);
  void receive(unsigned vcpu, const Nic::Received& received);
  [[nodiscard]] Polled complete(unsigned vcpu);
  void post(PageNumber page);

  VirtualMachine& machine_;
  NicAccessCosts costs_;
  std::uint32_t mtu_, buffers_, wake_room_, return_ring_;
  Nic nic_;
  const KernelContext* kernel_ = nullptr;
  GuestMemory* memory_ = nullptr;
  NetworkClient* client_ = nullptr;
  std::vector<bool> held_;  ///< by page: to receive into
  bool scheduled_ = false, stopped_ = false;
  std::uint32_t round_left_ = 0;   ///< packets; 0: a round is to begin
  std::uint32_t budget_left_ = 0;  ///< 0: a softirq is to begin
  Time softirq_began_{};
  std::uint32_t next_return_ = 0;  ///< place in the return ring
};

}  // namespace xensim
