/// Locks of ranges of bytes of one file (fcntl; fs/locks.c of Linux 2.4.21).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/guest/kernel/wait_queue.hpp"

namespace xensim {

class File;

/// Exclusive locks only. Whoever opened the file owns its locks, one open file for one owner: what a process
/// with one descriptor of a file sees of POSIX locks. O(locks).
class FileLocks {
 public:
  struct Range {
    std::uint64_t begin = 0, end = 0;
    [[nodiscard]] bool meets(const Range& other) const { return begin < other.end && other.begin < end; }
  };

  /// False: somebody else has some of it.
  [[nodiscard]] bool lock(const File& owner, Range range) {
    for (const Lock& lock : locks_) {
      if (lock.owner != &owner && lock.range.meets(range)) return false;
    }
    unlock(owner, range);
    locks_.push_back({&owner, range});
    return true;
  }
  /// What the owner has of it, it has no longer.
  void unlock(const File& owner, Range range) {
    std::vector<Lock> left;
    for (const Lock& lock : locks_) {
      if (lock.owner != &owner || !lock.range.meets(range)) {
        left.push_back(lock);
        continue;
      }
      if (lock.range.begin < range.begin) left.push_back({&owner, {lock.range.begin, range.begin}});
      if (range.end < lock.range.end) left.push_back({&owner, {range.end, lock.range.end}});
    }
    locks_ = std::move(left);
  }
  [[nodiscard]] bool empty() const { return locks_.empty(); }

  WaitQueue waiting;

 private:
  struct Lock {
    const File* owner;
    Range range;
  };
  std::vector<Lock> locks_;
};

}  // namespace xensim
