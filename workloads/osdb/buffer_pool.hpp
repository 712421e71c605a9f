/// The shared buffers of a database.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/flat_map.hpp"

namespace xensim {

/// A block of 8 KB of a relation or index.
struct DataBlock {
  std::uint32_t relation = 0, number = 0;
  auto operator<=>(const DataBlock&) const = default;
};

}  // namespace xensim

template <>
struct std::hash<xensim::DataBlock> {
  std::size_t operator()(const xensim::DataBlock& block) const noexcept {
    return std::uint64_t{block.relation} << 32 | block.number;
  }
};

namespace xensim {

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
  /// The block has a buffer from now on, and is the one used last. Expected O(1).
  Fetched fetch(DataBlock block);
  /// A block that is in the pool was changed.
  void changed(DataBlock block, LogPosition change);
  /// All changed blocks in their order, which count as written from now on.
  [[nodiscard]] std::vector<Victim> clean();
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::size_t used() const { return buffers_.size(); }

 private:
  struct Buffer {
    DataBlock block;
    std::optional<LogPosition> change{};  ///< it was written since it was read
    std::uint32_t older = 0, newer = 0;   ///< in a ring: the oldest is newer than the newest
  };
  void unlink(std::uint32_t number);
  void link_newest(std::uint32_t number);

  std::uint32_t size_;
  std::vector<Buffer> buffers_;  ///< by number
  std::uint32_t newest_ = 0;
  FlatMap<DataBlock, std::uint32_t> numbers_;
};

}  // namespace xensim
