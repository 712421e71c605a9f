/// What a connection has to send or has sent and not had acknowledged, and what it knows of its fate.
#pragma once

#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <span>
#include <string>

#include "models/io/tcp/host.hpp"
#include "models/io/tcp/settings.hpp"

namespace xensim {

/// A segment as it was cut. SYN and FIN take a sequence number each.
struct QueuedSegment {
  Sequence sequence = 0;
  std::uint32_t length = 0;  ///< bytes of payload
  std::uint32_t size = 0;    ///< bytes of the send buffer that it takes
  TcpBuffer buffer;
  Jiffies sent = 0;
  std::uint8_t flags = 0;
  bool sacked = false;         ///< the other side has it, out of order
  bool lost = false;           ///< taken for lost
  bool retransmitted = false;  ///< and sent again since
  bool repeated = false;       ///< it was ever sent again

  [[nodiscard]] Sequence end() const {
    return sequence + length + ((flags & TcpHeader::syn) != 0 ? 1U : 0U) +
           ((flags & TcpHeader::fin) != 0 ? 1U : 0U);
  }
};

/// In order of sequence; the first `out()` were sent. Forward acknowledgement (Mathis 1996): what comes
/// before the highest segment that is selectively acknowledged, less the threshold of reordering, is lost.
class SendQueue {
 public:
  static constexpr std::uint32_t reordering = 3;

  // O(1), amortized.
  void append(const QueuedSegment& segment);
  [[nodiscard]] bool empty() const { return segments_.empty(); }
  [[nodiscard]] bool has_unsent() const { return out_ < segments_.size(); }
  [[nodiscard]] std::uint32_t out() const { return out_; }
  [[nodiscard]] std::uint32_t unsent() const { return static_cast<std::uint32_t>(segments_.size()) - out_; }
  [[nodiscard]] QueuedSegment& head() { return segments_.front(); }
  [[nodiscard]] QueuedSegment& next() { return segments_[out_]; }
  [[nodiscard]] const QueuedSegment& next() const { return segments_[out_]; }
  [[nodiscard]] QueuedSegment& tail() { return segments_.back(); }
  [[nodiscard]] const QueuedSegment& tail() const { return segments_.back(); }
  void sent_next() { ++out_; }

  [[nodiscard]] std::uint32_t sacked() const { return sacked_; }
  [[nodiscard]] std::uint32_t lost() const { return lost_; }
  [[nodiscard]] std::uint32_t forward() const { return forward_; }
  [[nodiscard]] std::uint32_t retransmitted() const { return retransmitted_; }
  [[nodiscard]] std::uint32_t in_flight() const { return out_ - sacked_ - lost_ + retransmitted_; }

  /// Takes off the first segment, which was sent.
  void pop();
  /// The first `bytes` of the first segment are acknowledged, without the rest.
  static void trim(QueuedSegment& segment, std::uint32_t bytes) {
    segment.sequence += bytes;
    segment.length -= bytes;
  }
  /// Notes selective acknowledgements. True: they say something new. O(segments sent * blocks).
  bool sack(std::span<const SackBlock> blocks);
  /// The first `count` segments are lost, unless they have arrived. O(count).
  void mark_lost(std::uint32_t count);
  /// A timer has expired: all is lost that has not arrived, or all of it if the other side has gone back on
  /// what it said. O(segments sent).
  void lose_all();
  void forget_retransmissions();
  void retransmitted_now(QueuedSegment& segment, Jiffies now);
  /// The first lost one that has not been sent again; null if there is none. O(segments sent).
  [[nodiscard]] QueuedSegment* first_to_repair();
  /// The first that is neither known to have arrived, nor sent again, below the highest that has arrived.
  [[nodiscard]] QueuedSegment* first_doubtful();

  template <class Visitor>
  void visit(Visitor visitor) const {
    for (const QueuedSegment& segment : segments_) visitor(segment);
  }
  [[nodiscard]] std::string audit() const;

 private:
  boost::circular_buffer<QueuedSegment> segments_{16};
  std::uint32_t out_ = 0;
  std::uint32_t sacked_ = 0, lost_ = 0, retransmitted_ = 0;
  std::uint32_t forward_ = 0;  ///< segments up to the highest that has arrived
  std::uint32_t hint_ = 0;     ///< none before this is to be repaired
};

}  // namespace xensim
