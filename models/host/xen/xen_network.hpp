/// XenoLinux 2.4's driver of a virtual network interface of Xen 1.0.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "models/guest/memory/guest_memory.hpp"
#include "models/guest/network/network_device.hpp"
#include "models/host/xen/xen_paging.hpp"
#include "models/io/net/vif_page.hpp"
#include "models/io/tcp/settings.hpp"

namespace xensim {

/// Packets go out of the pages they lie in, and come in by pages that the monitor exchanges for those that
/// were posted: it changes the page tables, the driver only follows. A hypercall tells the monitor of the
/// first packet when nothing is under way (it looks for more when it has sent that), and of buffers when 64
/// more are posted. The monitor tells when half of what is under way was sent, and of the first packet
/// received after the driver has looked.
///
/// Received packets go up when the handler is done, as from its softirq.
/// Left out: that a full backlog throttles until it is empty; that packets of a neighbour on the same
/// processor are in its caches. Source: arch/xeno/drivers/network/network.c of XenoLinux 2.4.22 (Xen 1.0),
/// from a description.
class XenNetwork final : public NetworkDevice {
 public:
  static constexpr std::uint32_t most_sent = 254, most_posted = 254;  ///< requests without response
  static constexpr std::uint32_t notify_posted = most_posted / 4;     ///< with more the monitor is told
  static constexpr std::size_t backlog_limit = 300;                   ///< netdev_max_backlog
  static constexpr std::uint32_t buffer_size = page_size / 2 + 1;     ///< bytes

  struct Interface {
    VifPage& page;  ///< shared with the monitor
    MacAddress mac;
    std::uint32_t mtu = 1500;
  };
  /// `update` is the hypercall net_update, with its time. Everything outlives this.
  XenNetwork(MachineMemory& machine, XenPaging& paging, const Interface& interface,
             std::function<void()> update)
      : machine_(machine), paging_(paging), interface_(interface), update_(std::move(update)) {}

  /// Allocates buffers from the guest's memory and begins to receive.
  void open(const KernelContext& kernel, GuestMemory& memory);
  /// The handler of the network event.
  void interrupt(unsigned vcpu);

  [[nodiscard]] MacAddress mac() const override { return interface_.mac; }
  [[nodiscard]] std::uint32_t mtu() const override { return interface_.mtu; }
  [[nodiscard]] bool sums() const override { return false; }
  /// Whatever its length: a buffer of more than half a page, so that it has the page for itself, behind the
  /// room that dev_alloc_skb leaves.
  [[nodiscard]] std::uint32_t receive_size(std::uint32_t /*length*/) const override {
    return TcpSettings::buffer_head + 16 + buffer_size;
  }
  void attach(NetworkClient& client) override { client_ = &client; }
  [[nodiscard]] bool transmit(unsigned vcpu, const NetworkPacket& packet) override;

  struct Counts {
    std::uint64_t updates = 0;     ///< hypercalls
    std::uint64_t interrupts = 0;  ///< events handled
    std::uint64_t sent = 0, received = 0, posted = 0;
    std::uint64_t copied = 0;   ///< packets sent that crossed a page
    std::uint64_t refused = 0;  ///< responses other than OK, either way
    std::uint64_t backlog_drops = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Adds one for each page that the driver holds or has posted; those being sent are their sender's.
  void count_references(std::span<std::uint32_t> references) const override;
  /// Whether a page is posted: its frame is the monitor's, its translation may still be cached.
  [[nodiscard]] bool posted(PageNumber page) const;
  /// Empty, or the first contradiction between ring and identifiers.
  [[nodiscard]] std::string audit() const;

 private:
  /// Names of what is under way: a stack of free ones, as the driver keeps it.
  template <class Item, std::size_t count>
  class Identifiers {
   public:
    Identifiers() {
      for (std::size_t i = 0; i < count; ++i) free_[i] = static_cast<std::uint16_t>(count - 1 - i);
    }
    std::uint16_t take(const Item& item) {
      const std::uint16_t id = free_[--left_];
      items_[id] = item;
      return id;
    }
    Item release(std::uint16_t id) {
      free_[left_++] = id;
      return std::exchange(items_[id], Item{});
    }
    [[nodiscard]] const std::array<Item, count>& items() const { return items_; }
    [[nodiscard]] std::size_t used() const { return count - left_; }

   private:
    std::array<Item, count> items_{};
    std::array<std::uint16_t, count> free_{};
    std::size_t left_ = count;
  };
  struct Sending {
    PageNumber page;  ///< the sender's
    PageNumber copy;  ///< the driver's own, if it had to copy
  };

  void reclaim(unsigned vcpu);
  void post_buffers();
  void receive(const RxResponse& response);
  void update();
  /// A copy of a packet that crosses a page; invalid without memory.
  [[nodiscard]] PageNumber copy_of(unsigned vcpu, const NetworkPacket& packet);

  MachineMemory& machine_;
  XenPaging& paging_;
  Interface interface_;
  std::function<void()> update_;
  const KernelContext* kernel_ = nullptr;
  GuestMemory* memory_ = nullptr;
  NetworkClient* client_ = nullptr;
  RingFront<TxRing> tx_;
  RingFront<RxRing> rx_;
  Identifiers<Sending, most_sent> sending_;
  Identifiers<PageNumber, most_posted> buffers_;
  std::vector<NetworkPacket> backlog_;
  std::uint32_t untold_ = 0;  ///< buffers posted since the monitor was told
  bool stopped_ = false;      ///< the queue above
  Counts counts_;
};

}  // namespace xensim
