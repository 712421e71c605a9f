/// A Gigabit Ethernet controller of 2003: descriptor rings, DMA, a status block, moderated interrupts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/calendar.hpp"
#include "core/statistic.hpp"
#include "core/trace.hpp"
#include "models/io/fifo.hpp"
#include "models/io/net/wire.hpp"

namespace xensim {

/// When the controller tells the driver what it has done: `ticks` after the first thing it has not told, or
/// after so many frames. 0: not by this.
struct Moderation {
  struct Limit {
    Time ticks{};
    std::uint32_t frames = 0;
  };
  Limit receive, transmit;  ///< while interrupts are enabled
  Limit masked;             ///< of both, while the driver has disabled them

  /// As tg3 sets it for a kernel that polls (NAPI), and for one that does not, such as Xen 1.0. From section
  /// `network` of the calibration; throws InputError for a constant missing.
  [[nodiscard]] static Moderation polled(const Calibration& calibration);
  [[nodiscard]] static Moderation interrupting(const Calibration& calibration);
};

/// From section `network` of the calibration. Throws InputError for one missing.
struct NicParameters {
  explicit NicParameters(const Calibration& calibration);
  NicParameters() = default;

  std::uint32_t transmit_ring = 512;  ///< descriptors; one always stays free
  std::uint32_t receive_ring = 512;   ///< descriptors that can be posted
  std::uint32_t return_ring = 1024;   ///< frames received that the driver has not taken
  Time read_latency = 800ns;          ///< from the driver's mailbox write to the first byte of a frame
  Time write_latency = 300ns;         ///< of a frame or the status block into memory
  Time byte_time{1250};               ///< over the bus
  Time interrupt_latency = 500ns;     ///< from the status block to the processor's pin
};

/// Modelled after Broadcom's BCM5701 as its Linux driver programs it. It knows no guest: buffers are known by
/// the driver's own tags, and no time is charged to anybody. Times given are those of the processor the
/// driver runs on, at or after the calendar's present.
///
/// The driver sees what the status block says, which the controller writes when Moderation lets it, and with
/// it interrupts, unless they are masked. What was told while they were masked interrupts when they are
/// enabled, unless the driver has taken it (the driver's own check after it enabled them, in tg3).
/// Simplified: reading and writing do not share the bus; a descriptor is done when its frame has left; no
/// flow control; no buffer memory of its own: a frame that finds no posted buffer is lost.
/// Source: drivers/net/tg3.c of Linux 2.4.21 and Xen 1.0, from a description.
class Nic final : public FrameReceiver {
 public:
  /// `interrupt` is called from the calendar; the driver answers with mask().
  Nic(Calendar& calendar, const NicParameters& parameters, const Moderation& moderation,
      const MacAddress& mac, std::function<void()> interrupt);

  /// The way out; before the first frame. `out` outlives this.
  void connect(Wire& out) { out_ = &out; }
  /// Every frame in either direction is recorded under this name.
  void trace_to(TraceSink* sink, std::string name);

  [[nodiscard]] const MacAddress& mac() const { return mac_; }
  /// It sums IP, TCP and UDP itself, in both directions.
  [[nodiscard]] static constexpr bool sums() { return true; }

  // --- Transmission ---
  /// Free descriptors, as far as the driver knows: those of frames it has taken back.
  [[nodiscard]] std::uint32_t transmit_room() const { return parameters_.transmit_ring - 1 - used_; }
  /// A frame in so many pieces of memory, one descriptor each; there must be room. `tag` comes back when it
  /// has left.
  void transmit(const EthernetFrame& frame, std::uint32_t tag, std::uint32_t descriptors, Time at);
  /// The next frame that has left, by its tag, in order; nothing as far as the status block says.
  [[nodiscard]] std::optional<std::uint32_t> take_sent();

  // --- Reception ---
  /// A buffer for one frame; there must be room.
  void post(std::uint32_t tag) { posted_.push(tag); }
  struct Received {
    EthernetFrame frame;
    std::uint32_t tag = 0;  ///< of the buffer, which is the driver's again
  };
  /// The next frame received, in order; nothing as far as the status block says.
  [[nodiscard]] std::optional<Received> take_received();

  // --- Interrupts ---
  /// The status block says something that the driver has not taken.
  [[nodiscard]] bool has_work() const { return told_sent_ > 0 || told_received_ > 0; }
  /// By a processor whose own time is `at`, which may be ahead of the calendar's. Interrupts are masked at
  /// once, and unmasked when the calendar has come to `at`: Moderation::masked is in force while a handler
  /// runs.
  void mask(Time at);
  void unmask(Time at);

  struct Counts {
    std::uint64_t sent = 0, sent_bytes = 0, received = 0, received_bytes = 0;
    std::uint64_t interrupts = 0;
    std::uint64_t no_buffer = 0;  ///< lost since none was posted, or taken back
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  void report(StatisticSink& sink, const std::string& prefix) const;
  [[nodiscard]] std::string audit() const;

  void arrived(const EthernetFrame& frame) override;

 private:
  struct Outgoing {
    Time done{};  ///< the last bit has left
    std::uint32_t tag = 0, descriptors = 0;
  };
  struct Incoming {
    Time done{};  ///< the last byte is in memory
    Received received;
  };
  /// When it has to be told of what is in the queue, of which it knows `told`; never: not as things stand.
  template <class Item>
  [[nodiscard]] static Time due(const Fifo<Item>& queue, std::size_t told, const Moderation::Limit& limit);
  void plan(Time not_before);
  void on_status();
  void on_interrupt();
  void on_unmask();
  void record(Time at, const EthernetFrame& frame) const;

  Calendar& calendar_;
  NicParameters parameters_;
  Moderation moderation_;
  MacAddress mac_;
  std::function<void()> interrupt_;
  Event status_, pin_, unmask_;
  Wire* out_ = nullptr;
  TraceSink* trace_ = nullptr;
  std::string name_;
  Fifo<Outgoing> outgoing_;
  Fifo<Incoming> incoming_;
  Fifo<std::uint32_t> posted_;
  std::size_t told_sent_ = 0, told_received_ = 0;  ///< at the fronts of the queues: in the status block
  std::uint32_t used_ = 0;                         ///< transmit descriptors
  Time read_free_{}, write_free_{};                ///< the DMA engines
  bool masked_ = true;
  bool asserted_ = false;  ///< the pin, until the driver masks: no second interrupt
  Counts counts_;
};

}  // namespace xensim
