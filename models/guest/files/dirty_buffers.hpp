/// Buffers that differ from the disk (the DIRTY list of Linux 2.4.21 fs/buffer.c).
#pragma once

#include <list>
#include <unordered_map>

#include "models/guest/files/buffer_id.hpp"

namespace xensim {

/// In the order in which they became dirty; all devices in one list. All operations are O(1).
class DirtyBuffers {
 public:
  struct Buffer {
    BufferId id;
    std::uint64_t since = 0;  ///< tick
  };

  /// The time from now on, in ticks.
  void now(std::uint64_t tick) { tick_ = tick; }
  /// At the tail, unless it is in the list already.
  void add(BufferId id) {
    const auto [place, is_new] = places_.try_emplace(id.value);
    if (is_new) place->second = buffers_.insert(buffers_.end(), {id, tick_});
  }
  /// It is being written, or need not be. It may be clean.
  void remove(BufferId id) {
    const auto place = places_.find(id.value);
    if (place == places_.end()) return;
    buffers_.erase(place->second);
    places_.erase(place);
  }
  [[nodiscard]] bool contains(BufferId id) const { return places_.contains(id.value); }
  [[nodiscard]] std::size_t size() const { return buffers_.size(); }
  [[nodiscard]] const std::list<Buffer>& oldest_first() const { return buffers_; }

 private:
  std::list<Buffer> buffers_;
  std::unordered_map<std::uint64_t, std::list<Buffer>::iterator> places_;  ///< by id
  std::uint64_t tick_ = 0;
};

}  // namespace xensim
