/// The shared buffers of a database.
#pragma once

#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

namespace xensim {

/// A block of 8 KB of a relation or index.
struct DataBlock {
  std::uint32_t relation = 0, number = 0;
  auto operator<=>(const DataBlock&) const = default;
};

/// Position in the log, in bytes since it began.
using LogPosition = std::uint64_t;

/// Buffers in the order of their last use, as PostgreSQL 7.1 keeps them. Pure: it says what has to be read
/// and written.
class BufferPool {
 public:
  /// At least one buffer.
  explicit BufferPool(std::uint32_t buffers) : size_(buffers) {}

  struct Victim {
    DataBlock block;
    LogPosition change{};  ///< the last one: the log must be on the disk up to there before the block is
  };
  struct Fetched {
    std::uint32_t buffer = 0;
    bool hit = false;                ///< else the block must be read
    std::optional<Victim> victim{};  ///< must be written before
  };
  /// The block has a buffer from now on, and is the one used last. O(log buffers).
  Fetched fetch(DataBlock block);
  /// A block that is in the pool was changed.
  void changed(DataBlock block, LogPosition change);
  /// All changed blocks, which count as written from now on.
  [[nodiscard]] std::vector<Victim> clean();
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::size_t used() const { return by_use_.size(); }

 private:
  struct Buffer {
    DataBlock block;
    std::uint32_t number = 0;
    std::optional<LogPosition> change{};  ///< it was written since it was read
  };
  std::uint32_t size_;
  std::list<Buffer> by_use_;  ///< the one used last comes first
  std::map<DataBlock, std::list<Buffer>::iterator> places_;
};

}  // namespace xensim
