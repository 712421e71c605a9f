/// A server process at the log: the calls by which records get onto the disk.
#pragma once

#include <cstdint>
#include <vector>

#include "models/guest/processes/self.hpp"
#include "workloads/osdb/database.hpp"

namespace xensim {

/// PostgreSQL 7.1's spin locks try again after so long (up to 10 ms, which is all the same until the next
/// tick).
constexpr Time spin_lock_back_off = 1us;

/// Each process has its own, which outlives its programs.
class LogWriter {
 public:
  LogWriter(Self self, Database& database) : self_(self), database_(database), log_(database.log) {}

  /// Enters a record of `bytes` about `blocks`, and waits for buffers before; `end` is the log's end with it.
  Program enter(std::uint64_t bytes, const std::vector<DataBlock>& blocks, LogPosition& end);
  [[nodiscard]] bool has_flushed(LogPosition position) const { return log_.flushed() >= position; }
  /// Returns when it has.
  Program flush(LogPosition position);
  /// Fills a new file with zeros, so that all its blocks are on the disk, and gives it its name then.
  Program make_segment();

 private:
  /// Writes the pages that were not written yet; who calls has the log's lock.
  Program write();
  /// Has that segment open, which is made if it is not there.
  Program open(std::uint32_t segment);
  [[nodiscard]] bool has_open(std::uint32_t segment) const { return file_ >= 0 && segment_ == segment; }

  Self self_;
  Database& database_;
  WriteAheadLog& log_;
  std::int64_t file_ = -1;     ///< the segment that is open; -1: none
  std::uint32_t segment_ = 0;  ///< its number
};

}  // namespace xensim
