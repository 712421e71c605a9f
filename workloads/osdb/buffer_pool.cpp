#include "workloads/osdb/buffer_pool.hpp"

#include <algorithm>

namespace xensim {

BufferPool::Fetched BufferPool::fetch(DataBlock block) {
  if (const std::uint32_t* found = numbers_.find(block)) {
    const std::uint32_t number = *found;
    if (number != newest_) {
      unlink(number);
      link_newest(number);
    }
    return {.buffer = number, .hit = true};
  }
  Fetched fetched{.buffer = static_cast<std::uint32_t>(buffers_.size())};
  if (buffers_.size() < size_) {
    buffers_.push_back({.block = block});
    link_newest(fetched.buffer);
  } else {
    fetched.buffer = buffers_[newest_].newer;
    Buffer& oldest = buffers_[fetched.buffer];
    if (oldest.change) fetched.victim = Victim{oldest.block, *oldest.change};
    numbers_.erase(oldest.block);
    oldest.block = block;
    oldest.change.reset();
    newest_ = fetched.buffer;
  }
  numbers_.try_emplace(block, fetched.buffer);
  return fetched;
}

void BufferPool::unlink(std::uint32_t number) {
  const Buffer& gone = buffers_[number];
  buffers_[gone.older].newer = gone.newer;
  buffers_[gone.newer].older = gone.older;
}

void BufferPool::link_newest(std::uint32_t number) {
  Buffer& made = buffers_[number];
  if (buffers_.size() == 1) {
    made.older = made.newer = number;
  } else {
    made.older = newest_;
    made.newer = buffers_[newest_].newer;
    buffers_[made.older].newer = buffers_[made.newer].older = number;
  }
  newest_ = number;
}

void BufferPool::changed(DataBlock block, LogPosition change) {
  // It may have gone already: others used all buffers while its user slept.
  if (const std::uint32_t* found = numbers_.find(block)) buffers_[*found].change = change;
}

std::vector<BufferPool::Victim> BufferPool::clean() {
  std::vector<Victim> all;
  for (Buffer& buffer : buffers_) {
    if (!buffer.change) continue;
    all.push_back({buffer.block, *buffer.change});
    buffer.change.reset();
  }
  std::ranges::sort(all, {}, &Victim::block);
  return all;
}

}  // namespace xensim
