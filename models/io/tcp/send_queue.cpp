#include "models/io/tcp/send_queue.hpp"

#include <algorithm>

namespace xensim {

void SendQueue::append(const QueuedSegment& segment) {
  if (segments_.full()) segments_.set_capacity(segments_.capacity() * 2);
  segments_.push_back(segment);
}

void SendQueue::pop() {
  const QueuedSegment& segment = segments_.front();
  if (segment.sacked) --sacked_;
  if (segment.lost) --lost_;
  if (segment.retransmitted) --retransmitted_;
  if (forward_ > 0) --forward_;
  if (hint_ > 0) --hint_;
  --out_;
  segments_.pop_front();
}

bool SendQueue::sack(std::span<const SackBlock> blocks) {
  bool news = false;
  for (const SackBlock& block : blocks) {
    for (std::uint32_t i = 0; i < out_; ++i) {
      QueuedSegment& segment = segments_[i];
      if (!before(segment.sequence, block.end)) break;
      if (segment.sacked || before(segment.sequence, block.begin) || after(segment.end(), block.end))
        continue;
      segment.sacked = news = true;
      ++sacked_;
      if (std::exchange(segment.lost, false)) --lost_;
      if (std::exchange(segment.retransmitted, false)) --retransmitted_;
      forward_ = std::max(forward_, i + 1);
    }
  }
  return news;
}

void SendQueue::mark_lost(std::uint32_t count) {
  for (std::uint32_t i = 0; i < std::min(count, out_); ++i) {
    QueuedSegment& segment = segments_[i];
    if (segment.sacked || segment.lost) continue;
    segment.lost = true;
    ++lost_;
    hint_ = std::min(hint_, i);
  }
}

void SendQueue::lose_all() {
  const bool reneged = out_ > 0 && segments_.front().sacked;
  sacked_ = lost_ = retransmitted_ = forward_ = hint_ = 0;
  for (std::uint32_t i = 0; i < out_; ++i) {
    QueuedSegment& segment = segments_[i];
    segment.retransmitted = false;
    segment.sacked = segment.sacked && !reneged;
    segment.lost = !segment.sacked;
    if (segment.sacked) {
      ++sacked_;
      forward_ = i + 1;
    } else {
      ++lost_;
    }
  }
}

void SendQueue::forget_retransmissions() {
  for (std::uint32_t i = 0; i < out_; ++i) {
    segments_[i].retransmitted = false;
    if (std::exchange(segments_[i].lost, false)) --lost_;
  }
  retransmitted_ = 0;
}

void SendQueue::retransmitted_now(QueuedSegment& segment, Jiffies now) {
  if (!std::exchange(segment.retransmitted, true)) ++retransmitted_;
  segment.repeated = true;
  segment.sent = now;
}

QueuedSegment* SendQueue::first_to_repair() {
  if (lost_ == 0) return nullptr;
  for (; hint_ < out_; ++hint_) {
    QueuedSegment& segment = segments_[hint_];
    if (segment.lost && !segment.retransmitted) return &segment;
  }
  return nullptr;
}

QueuedSegment* SendQueue::first_doubtful() {
  for (std::uint32_t i = 0; i < forward_; ++i) {
    QueuedSegment& segment = segments_[i];
    if (!segment.sacked && !segment.retransmitted) return &segment;
  }
  return nullptr;
}

std::string SendQueue::audit() const {
  std::uint32_t sacked = 0, lost = 0, retransmitted = 0;
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    const QueuedSegment& segment = segments_[i];
    sacked += segment.sacked ? 1 : 0;
    lost += segment.lost ? 1 : 0;
    retransmitted += segment.retransmitted ? 1 : 0;
    if (segment.sacked && (segment.lost || segment.retransmitted)) return "a segment that arrived is lost";
    if (i >= out_ && (segment.sacked || segment.lost || segment.retransmitted)) {
      return "a segment that was not sent has a fate";
    }
    if (i > 0 && segments_[i - 1].end() != segment.sequence) return "segments do not follow each other";
  }
  if (sacked != sacked_ || lost != lost_ || retransmitted != retransmitted_) return "segments miscounted";
  return {};
}

}  // namespace xensim
