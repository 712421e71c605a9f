#include "models/io/tcp/receive_queue.hpp"

#include <algorithm>
#include <utility>

#include "models/io/tcp/settings.hpp"

namespace xensim {

void ReceiveQueue::append(const ReceivedBytes& bytes) {
  if (ready_.full()) ready_.set_capacity(ready_.capacity() * 2);
  ready_.push_back(bytes);
  size_ += bytes.size;
  readable_ += bytes.length;
}

std::uint32_t ReceiveQueue::read(std::uint32_t most, TcpHost& host) {
  std::uint32_t done = 0;
  while (done < most && !ready_.empty()) done += read_segment(most - done, host);
  return done;
}

std::uint32_t ReceiveQueue::read_segment(std::uint32_t most, TcpHost& host) {
  std::uint32_t count = 0;
  while (most > 0 && count == 0 && !ready_.empty()) {
    ReceivedBytes& first = ready_.front();
    count = std::min(most, first.length);
    if (count > 0) host.drain(first.buffer, first.offset, count);
    first.skip(count);
    readable_ -= count;
    if (first.length > 0) break;
    size_ -= first.size;
    host.release(first.buffer);
    ready_.pop_front();
  }
  return count;
}

/// As Linux does when the receive buffer is full (its counter TCPRcvCollapsed).
void ReceiveQueue::compact(TcpHost& host) {
  constexpr std::uint32_t room = TcpSettings::compact_room, overhead = TcpSettings::compact_overhead;
  boost::circular_buffer<ReceivedBytes> dense(ready_.capacity());
  bool open = false;  // the last buffer is one of a page, to be filled
  for (ReceivedBytes rest : ready_) {
    const bool wasteful = rest.size > 2 * rest.length;
    size_ -= rest.size;
    while (wasteful && rest.length > 0) {
      if (!open || dense.back().length == room) {
        const std::optional<TcpBuffer> buffer = host.allocate(room);
        if (!buffer || !buffer->valid()) break;
        dense.push_back({.sequence = rest.sequence, .size = overhead, .buffer = *buffer});
        size_ += overhead;
        open = true;
      }
      ReceivedBytes& last = dense.back();
      const std::uint32_t count = std::min(rest.length, room - last.length);
      host.move(rest.buffer, rest.offset, last.buffer, last.length, count);
      last.length += count;
      last.size += count;
      size_ += count;
      rest.skip(count);
    }
    if (rest.length == 0) {
      host.release(rest.buffer);
      continue;
    }
    dense.push_back(rest);
    size_ += rest.size;
    open = false;
  }
  ready_ = std::move(dense);
}

bool ReceiveQueue::insert(ReceivedBytes bytes) {
  auto place = std::find_if(early_.begin(), early_.end(), [&](const ReceivedBytes& other) {
    return after(other.sequence, bytes.sequence);
  });
  if (place != early_.begin()) {
    const ReceivedBytes& previous = *(place - 1);
    if (!before(previous.end(), bytes.end())) return false;
    if (after(previous.end(), bytes.sequence)) bytes.skip(previous.end() - bytes.sequence);
  }
  if (place != early_.end() && before(place->sequence, bytes.end())) {
    // What follows is there already; what it leaves uncovered behind itself comes again.
    bytes.length = place->sequence - bytes.sequence;
    bytes.fin = false;
    if (bytes.length == 0) return false;
  }
  latest_ = bytes.sequence;
  size_ += bytes.size;
  early_.insert(place, bytes);
  return true;
}

bool ReceiveQueue::take_ready(Sequence next, ReceivedBytes& bytes) {
  if (early_.empty() || after(early_.front().sequence, next)) return false;
  bytes = early_.front();
  early_.erase(early_.begin());
  size_ -= bytes.size;
  const std::uint32_t passed = next - bytes.sequence;
  if (passed > bytes.length) bytes.fin = false;
  bytes.skip(std::min(passed, bytes.length));
  return true;
}

std::size_t ReceiveQueue::blocks(std::span<SackBlock> blocks) const {
  std::size_t count = 0;
  for (const bool wanted : {true, false}) {  // the one with the latest arrival goes first
    for (std::size_t i = 0; i < early_.size() && count < blocks.size();) {
      SackBlock block{early_[i].sequence, early_[i].end()};
      bool latest = early_[i].sequence == latest_;
      for (++i; i < early_.size() && early_[i].sequence == block.end; ++i) {
        block.end = early_[i].end();
        latest = latest || early_[i].sequence == latest_;
      }
      if (latest == wanted) blocks[count++] = block;
    }
  }
  return count;
}

void ReceiveQueue::discard_early(TcpHost& host) {
  for (const ReceivedBytes& bytes : early_) {
    size_ -= bytes.size;
    host.release(bytes.buffer);
  }
  early_.clear();
}

void ReceiveQueue::clear(TcpHost& host) {
  discard_early(host);
  for (const ReceivedBytes& bytes : ready_) host.release(bytes.buffer);
  ready_.clear();
  size_ = readable_ = 0;
}

}  // namespace xensim
