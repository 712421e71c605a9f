/// The guest's end of the ring of block requests: XenoLinux's driver, behind the block layer of Linux 2.4.
///
/// Buffers wait in the guest's own elevator until somebody who waits unplugs the queue. Then adjacent ones go
/// together into requests of up to 12 segments, as many as the ring has room for, and one hypercall tells of
/// all of them. A full ring stops the queue until fewer than 32 requests are unanswered.
///
/// Pure but for the two hooks. Where the description says nothing: a request of the block layer is free again
/// when all of it is in the ring.
/// Source: XenoLinux 2.4 of Xen 1.0, arch/xeno/drivers/block/xl_block.c, from a description.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/io/block/block_page.hpp"
#include "models/io/guest_disk.hpp"
#include "models/io/plugged_queue.hpp"

namespace xensim {

class BlockFront final : public GuestDisk {
 public:
  static constexpr std::uint32_t restart = 32;  ///< a stopped queue goes on with fewer requests unanswered

  struct Hooks {
    std::function<Address(std::uint32_t page)> machine_address;  ///< of a page of the guest's
    std::function<void()> notify;      ///< hypercall block_io_op; the ring may be served before it returns
    std::function<Time()> transfer{};  ///< GuestDisk::last_transfer, which no driver could know
  };

  /// `page` is shared with the monitor and outlives this; the device has so many sectors.
  BlockFront(BlockPage& page, DeviceNumber device, std::uint64_t sectors, Hooks hooks);

  [[nodiscard]] Driver driver() const override { return Driver::ring; }
  [[nodiscard]] std::uint64_t sectors() const override { return sectors_; }
  [[nodiscard]] bool submit(const BlockIo& io, Time at) override;
  void unplug(Time at) override;
  [[nodiscard]] std::uint32_t free_requests(bool write) const override {
    return queue_.requests.free_requests(write);
  }
  std::uint32_t put_nonsense(Time at) override;
  [[nodiscard]] std::vector<FinishedIo> take_completed(Time at) override;
  [[nodiscard]] std::uint32_t take_dispatched() override { return std::exchange(dispatched_, 0); }

  [[nodiscard]] Time last_transfer() const override { return hooks_.transfer ? hooks_.transfer() : Time{}; }
  [[nodiscard]] Counts counts() const override { return queue_.counts; }
  [[nodiscard]] std::uint64_t outstanding() const override { return queue_.outstanding(); }
  /// Requests in the ring.
  [[nodiscard]] std::uint32_t unanswered() const { return ring_.unanswered(); }
  [[nodiscard]] std::string audit() const override;

 private:
  struct InRing {
    std::vector<std::uint64_t> tags{};  ///< empty: the number is free
  };
  void dispatch(Time at);
  /// False: the ring is full.
  [[nodiscard]] bool put(const BlockIo& io);
  [[nodiscard]] bool joins(const BlockIo& io) const;
  void close();

  BlockPage& page_;
  RingFront<BlockPage> ring_;
  DeviceNumber device_;
  std::uint64_t sectors_;
  Hooks hooks_;
  PluggedQueue queue_;
  bool stopped_ = false;              ///< the ring was full
  DiskRequest current_;               ///< what of the head of the queue is not in the ring yet
  std::optional<BlockRequest> open_;  ///< not published; it may grow
  std::uint32_t open_sectors_ = 0;
  std::array<InRing, BlockIndices::capacity> in_ring_{};  ///< by id
  std::uint32_t dispatched_ = 0;
  std::uint32_t nonsense_ = 0;  ///< unanswered requests that no buffers belong to
  Time busy_since_{};
};

}  // namespace xensim
