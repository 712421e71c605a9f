#include "workloads/osdb/buffer_pool.hpp"

namespace xensim {

BufferPool::Fetched BufferPool::fetch(DataBlock block) {
  if (const auto found = places_.find(block); found != places_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return {.buffer = found->second->number, .hit = true};
  }
  Fetched fetched;
  Buffer buffer{.block = block, .number = static_cast<std::uint32_t>(by_use_.size())};
  if (by_use_.size() == size_) {
    const Buffer& oldest = by_use_.back();
    buffer.number = oldest.number;
    if (oldest.change) fetched.victim = Victim{oldest.block, *oldest.change};
    places_.erase(oldest.block);
    by_use_.pop_back();
  }
  fetched.buffer = buffer.number;
  by_use_.push_front(buffer);
  places_[block] = by_use_.begin();
  return fetched;
}

void BufferPool::changed(DataBlock block, LogPosition change) {
  // It may have gone already: others used all buffers while its user slept.
  if (const auto found = places_.find(block); found != places_.end()) found->second->change = change;
}

std::vector<BufferPool::Victim> BufferPool::clean() {
  std::vector<Victim> all;
  for (const auto& [block, buffer] : places_) {
    if (!buffer->change) continue;
    all.push_back({block, *buffer->change});
    buffer->change.reset();
  }
  return all;
}

}  // namespace xensim
