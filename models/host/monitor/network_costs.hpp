/// What the monitor's networking costs.
#pragma once

#include <array>
#include <cstdint>

#include "models/cpu/calibration.hpp"
#include "models/cpu/costs.hpp"
#include "models/io/net/net_work.hpp"

namespace xensim {

/// Stretches of the network driver inside the monitor (tg3 without NAPI): the code of a native kernel's.
enum class DriverStep : std::uint8_t {
  interrupt,  ///< status block read, interrupts off and on
  received,   ///< a descriptor of the return ring, its buffer taken over
  refilled,   ///< a new page for the receive ring
  sent,       ///< a packet's descriptors and buffers released
  transmit,   ///< a packet's descriptors filled in, the mailbox written
  count_,
};
/// Cycles for each step of NetStep and DriverStep, put together from instructions counted on the description
/// of the code and hardware primitives (section `monitor_network` of the calibration, and what a native
/// kernel's driver costs). Data are taken to be in the L1 or L2, but for the descriptors that the NIC wrote,
/// which the caller fetches; whose processor sees a received packet's header first pays for that line. What
/// a flush leaves to be translated again is not in it.
class NetworkCosts {
 public:
  NetworkCosts(const Calibration& calibration, const ProcessorCosts& processor);

  /// Of the work alone, in whole cycles. O(kinds of steps).
  [[nodiscard]] Cycles of(const WorkCount<NetStep>& work) const;
  [[nodiscard]] Cycles of(DriverStep step) const { return driver_[static_cast<std::size_t>(step)].time; }
  /// Lines of code, of 64 bytes, that a step runs through.
  [[nodiscard]] std::uint32_t code_lines(NetStep step) const {
    return code_lines_[static_cast<std::size_t>(step)];
  }
  [[nodiscard]] std::uint32_t code_lines(DriverStep step) const {
    return driver_[static_cast<std::size_t>(step)].code_lines;
  }
  /// Of its own data in each activation: schedule, queue, interface, ring.
  [[nodiscard]] std::uint32_t data_lines() const { return data_lines_; }
  /// That change caches for a packet of a domain on another processor.
  [[nodiscard]] std::uint32_t remote_lines() const { return remote_lines_; }
  /// What another processor does of a shootdown: from its interruption to its acknowledgement.
  [[nodiscard]] Cycles remote_flush() const { return remote_flush_; }

 private:
  std::array<std::int64_t, WorkCount<NetStep>::steps> thousandths_{};  ///< of a cycle
  std::array<std::uint32_t, WorkCount<NetStep>::steps> code_lines_{};
  std::array<CodePath, WorkCount<DriverStep>::steps> driver_{};
  std::uint32_t data_lines_, remote_lines_;
  Cycles remote_flush_;
};

}  // namespace xensim
