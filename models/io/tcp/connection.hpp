/// One TCP connection of Linux 2.4.21, without a clock and without a kernel.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "models/io/tcp/congestion.hpp"
#include "models/io/tcp/receive_queue.hpp"
#include "models/io/tcp/receive_window.hpp"
#include "models/io/tcp/rtt.hpp"
#include "models/io/tcp/send_queue.hpp"

namespace xensim {

/// What a connection request said, and what was answered.
struct TcpRequest {
  Sequence theirs = 0, ours = 0;  ///< initial sequence numbers
  std::uint32_t stamp = 0;
  std::uint16_t window = 0;
  std::uint16_t max_segment = 536;
  std::uint8_t their_scale = 0, our_scale = 0;
  bool scaled = false, stamped = false, sack = false;
};

/// Every call says what the time is in ticks, which must not run backwards, and may call the host.
///
/// Left out of Linux 2.4's: urgent data, keepalive, taking back a window reduction after a retransmission
/// that was not needed (D-SACK, Eifel), estimating the degree of reordering, path MTU discovery, recovery
/// other than by a timer when the other side refuses selective acknowledgements. Those accompany data only
/// where there is room for them in the packet. Of what Linux remembers of a destination, only the round-trip
/// time is, and that only decides with how many segments a connection begins: no threshold is, and the first
/// timeout is always 3 s. Connections that wait after their end are not limited in number.
class TcpConnection {
 public:
  enum class State : std::uint8_t {
    closed,
    syn_sent,
    established,
    fin_wait_1,
    fin_wait_2,
    close_wait,
    closing,
    last_ack,
    time_wait,
  };
  struct Counts {
    std::uint64_t segments_in = 0, segments_out = 0, retransmissions = 0, timeouts = 0;
    std::uint64_t duplicates = 0, early = 0, pruned = 0;  ///< segments with data
    std::uint64_t compacted = 0;                          ///< times that the receive buffer was full
    std::uint64_t local_drops = 0;                        ///< segments that a queue of this machine refused
  };

  /// `id` names it to its host. `settings` and `host` must outlive it.
  TcpConnection(TcpHost& host, const TcpSettings& settings, const TcpPair& pair, std::uint32_t id);
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  ~TcpConnection();

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] const TcpPair& pair() const { return pair_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

  // Opening.
  void connect(Jiffies now, Sequence initial);
  /// The third segment of a handshake, which follows by `receive`, has answered `request`.
  void establish(Jiffies now, const TcpRequest& request);
  /// The destination's round-trip time is known from earlier connections.
  void set_known_destination(Jiffies round_trip) { known_round_trip_ = round_trip; }

  /// A segment of this pair arrived intact, its payload in `buffer`, taking `size` bytes of memory. The
  /// buffer goes back to the host when it is read or not wanted.
  void receive(Jiffies now, const TcpSegment& segment, TcpBuffer buffer, std::uint32_t size);

  // What its program asks for.
  /// Takes as many of `bytes` as the send buffer allows: less means that `writable` follows. 0 if it cannot
  /// send. `more` will follow in the same call, before which an incomplete segment is not sent.
  [[nodiscard]] std::uint64_t send(Jiffies now, std::uint64_t bytes, std::uint64_t more = 0);
  /// Bytes that complete the segment that is being filled.
  [[nodiscard]] std::uint32_t room_in_segment() const {
    const bool begun = queue_.has_unsent() && queue_.tail().length < segment_size_;
    return begun ? segment_size_ - queue_.tail().length : segment_size_;
  }
  /// Up to `bytes` from the receive queue. To be followed by `after_reading` at the end of the call.
  [[nodiscard]] std::uint32_t read(std::uint32_t bytes) { return received_.read(bytes, host_); }
  /// The same from one segment only.
  [[nodiscard]] std::uint32_t read_segment(std::uint32_t bytes) {
    return received_.read_segment(bytes, host_);
  }
  /// Acknowledges what has to be, now that `bytes` were read.
  void after_reading(Jiffies now, std::uint32_t bytes);
  /// A FIN follows the last byte.
  void shutdown(Jiffies now);
  /// Nobody reads or writes any more: a FIN, or a reset if something was not read.
  void close(Jiffies now);
  void abort(Jiffies now);
  /// It must be in TIME_WAIT, which is over.
  void end_time_wait() { set_closed(Ending::expected); }

  [[nodiscard]] std::uint32_t readable() const { return received_.readable(); }
  /// All that the other side will send was read.
  [[nodiscard]] bool at_end() const { return their_end_ && received_.readable() == 0; }
  [[nodiscard]] bool can_send() const {
    return (state_ == State::established || state_ == State::close_wait) && !our_end_;
  }
  /// There is as much free as half of what is queued (sock_writeable).
  [[nodiscard]] bool writable() const {
    return memory_at_ == 0 && queued_size_ <= send_buffer_ && send_buffer_ - queued_size_ >= queued_size_ / 2;
  }
  /// Somebody waits until it is: `writable` is to follow.
  void wait_for_room() { no_space_ = true; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// Nobody uses it any more and it waits for nothing.
  [[nodiscard]] bool is_over() const { return state_ == State::closed && orphaned_; }
  [[nodiscard]] bool orphaned() const { return orphaned_; }
  /// Bytes given to send and not yet acknowledged.
  [[nodiscard]] std::uint32_t undelivered() const { return write_ - una_; }

  // Options of the socket; sizes as setsockopt is given them.
  void set_send_buffer(std::uint32_t bytes);
  void set_receive_buffer(std::uint32_t bytes);
  void set_no_delay(Jiffies now, bool no_delay);
  [[nodiscard]] std::uint32_t send_buffer() const { return send_buffer_; }
  [[nodiscard]] std::uint32_t receive_buffer() const { return window_.buffer(); }
  void set_buffers(std::uint32_t send, bool send_is_fixed, std::uint32_t receive);

  // Timers.
  /// The earliest tick at which `run_timers` has something to do.
  [[nodiscard]] std::optional<Jiffies> deadline() const;
  void run_timers(Jiffies now);
  /// A segment waits in the kernel for the reader: its acknowledgement must not wait for ever.
  void protect_acknowledgement(Jiffies now) {
    if (!acknowledger_.scheduled()) acknowledger_.protect(now, TcpTimes::min_timeout * 3 / 4);
  }

  // For tests and statistics.
  [[nodiscard]] const CongestionWindow& congestion() const { return congestion_; }
  [[nodiscard]] const RoundTrip& round_trip() const { return round_trip_; }
  [[nodiscard]] const SendQueue& queue() const { return queue_; }
  [[nodiscard]] const ReceiveWindow& window() const { return window_; }
  [[nodiscard]] std::uint32_t segment_size() const { return segment_size_; }
  [[nodiscard]] std::uint32_t peer_window() const { return peer_window_; }
  [[nodiscard]] bool interactive() const { return acknowledger_.interactive(); }
  [[nodiscard]] Sequence next_expected() const { return window_.next(); }
  [[nodiscard]] std::string audit() const;

 private:
  using Congestion = CongestionWindow::State;
  /// What an acknowledgement brought.
  struct Acknowledged {
    bool data = false, syn = false, window = false, carried_data = false, sacked = false;
    [[nodiscard]] bool nothing() const { return !data && !syn && !window && !carried_data; }
    [[nodiscard]] bool doubtful() const { return nothing() || sacked; }
  };

  // Receiving (connection_receive.cpp).
  void receive_answer(const TcpSegment& segment);
  [[nodiscard]] bool acceptable(const TcpSegment& segment);
  [[nodiscard]] bool take_data(const TcpSegment& segment, TcpBuffer buffer, std::uint32_t size);
  void take_in_order(const ReceivedBytes& bytes);
  void take_end();
  [[nodiscard]] bool has_room();
  void acknowledge_data();
  void data_arrived(std::uint32_t length, std::uint32_t size, bool pushed);
  void receive_in_time_wait(const TcpSegment& segment);
  void note_options(const TcpSegment& answer);

  // Acknowledgements (connection_acknowledge.cpp).
  [[nodiscard]] bool take_acknowledgement(const TcpSegment& segment);
  void clean_queue(const TcpSegment& segment, Acknowledged& result);
  void update_window(const TcpSegment& segment, Acknowledged& result);
  void alert(Sequence old_una, const Acknowledged& result);
  void finish_recovery();
  [[nodiscard]] bool time_to_recover() const;
  void try_to_open();
  void after_end_acknowledged();
  void repair();

  // Sending (connection_send.cpp).
  void start_synchronized();
  /// False: no memory for its payload.
  [[nodiscard]] bool add_segment(std::uint32_t room, std::uint8_t flags);
  void add_empty_segment(std::uint8_t flags) { (void)add_segment(0, flags); }
  enum class Nagle : std::uint8_t { ignored, obeyed };
  void push(Nagle nagle);
  void push_one();
  [[nodiscard]] bool may_send(const QueuedSegment& segment, Nagle nagle) const;
  void mark_push();
  [[nodiscard]] bool forced_push() const { return after(write_, pushed_ + max_window_ / 2); }
  bool transmit(QueuedSegment& queued);
  bool retransmit(QueuedSegment& queued);
  void acknowledge_now();
  void send_reset();
  void send_probe();
  [[nodiscard]] TcpSegment segment(std::uint8_t flags, Sequence sequence);
  bool put_out(TcpSegment& out, TcpBuffer payload);
  void add_sacks(TcpSegment& out) const;
  void enter_reduced();
  void finish_sending();
  void check_room();

  // Timers and ends (connection_timers.cpp).
  void set_retransmission(Jiffies ticks) { retransmission_at_ = now_ + ticks; }
  void retransmission_expired();
  void probe_expired();
  void acknowledgement_expired();
  void memory_expired();
  void enter_loss();
  void enter_time_wait(Jiffies ticks);
  enum class Ending : std::uint8_t { expected, failure };
  void set_closed(Ending ending);
  [[nodiscard]] bool receives() const {
    return state_ == State::established || state_ == State::fin_wait_1 || state_ == State::fin_wait_2;
  }

  TcpHost& host_;
  const TcpSettings& settings_;
  TcpPair pair_;
  std::uint32_t id_;
  std::uint32_t max_segment_;  ///< bytes after the headers without options that the way bears
  State state_ = State::closed;
  Jiffies now_ = 0;
  Counts counts_;

  // Sending.
  SendQueue queue_;
  Sequence una_ = 0, next_ = 0, write_ = 0;  ///< first unacknowledged, next to be sent, next to be written
  Sequence pushed_ = 0, small_end_ = 0;      ///< after the last push, after the last small segment sent
  Sequence window_update_ = 0;               ///< that last changed the peer's window
  std::uint32_t peer_window_ = 0, max_window_ = 0;
  std::uint8_t peer_scale_ = 0;
  std::uint32_t segment_size_ = 536;  ///< bytes of payload
  std::uint32_t queued_size_ = 0, send_buffer_;
  bool send_buffer_fixed_ = false, no_space_ = false, shrunk_ = false, no_delay_ = false;
  bool our_end_ = false;  ///< a FIN is queued
  CongestionWindow congestion_;
  Congestion suspicion_ = Congestion::open;
  Sequence high_ = 0;  ///< what was sent when that began
  RoundTrip round_trip_;
  Jiffies last_sent_ = 0;
  std::optional<Jiffies> known_round_trip_;

  // Receiving.
  ReceiveQueue received_;
  ReceiveWindow window_;
  Acknowledger acknowledger_;
  bool their_end_ = false;
  bool stamps_ = false, sack_ = false;
  std::uint32_t recent_stamp_ = 0;
  std::uint16_t peer_max_segment_ = 536;

  // Timers; 0: off.
  Jiffies retransmission_at_ = 0, probe_at_ = 0, end_at_ = 0;
  Jiffies memory_at_ = 0;  ///< when memory is asked for again
  unsigned retransmissions_ = 0, probes_ = 0;
  bool orphaned_ = false, failed_ = false;
};

}  // namespace xensim
