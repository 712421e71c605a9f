/// How far ahead of its reader a file is read.
#pragma once

#include <cstdint>

namespace xensim {

/// The read-ahead of one open file in Linux 2.4.21 (mm/filemap.c). Pure: it says what to read besides the
/// page wanted, in pages. A sequential reader gets chunks of 1 + 3 pages, then 7, 13, 25, 32, 32, ..., each
/// asked for when it enters the one before.
class ReadAhead {
 public:
  static constexpr std::uint32_t least = 3, most = 31;

  /// A call begins that reads `bytes` from `offset` on.
  void begin(std::uint64_t offset, std::uint64_t bytes);

  struct Chunk {
    std::uint32_t first = 0, pages = 0;
  };
  /// The call comes to page `index`, which is `missing` and has just been asked for, or is there. The file
  /// has so many whole pages: a last partial one is never read ahead.
  [[nodiscard]] Chunk at(std::uint32_t index, bool missing, std::uint32_t whole_pages);

 private:
  std::uint32_t end_ = 0;     ///< of what was read ahead (raend)
  std::uint32_t next_ = 0;    ///< size of the next chunk, less one if it is asked for early (ramax)
  std::uint32_t last_ = 0;    ///< size of the last chunk (ralen)
  std::uint32_t window_ = 0;  ///< before the end, in which a reader counts as sequential (rawin)
  bool sequential_ = false;
};

}  // namespace xensim
