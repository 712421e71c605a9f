/// What is asked of a disk's queue, and what it gives back.
#pragma once

#include <cstdint>
#include <vector>

#include "core/time.hpp"

namespace xensim {

inline constexpr std::uint32_t sector_bytes = 512;

/// One buffer that is to be read or written: the unit of submission.
struct BlockIo {
  std::uint64_t sector = 0;
  std::uint32_t sectors = 0;
  bool write = false;
  std::uint32_t partition = 0;  ///< requests of different partitions never merge
  std::uint64_t tag = 0;        ///< the submitter's own
  std::uint32_t page = 0;       ///< of the submitter's memory, at whose beginning the buffer is
  Time at{};                    ///< when it was submitted; the queue writes it
};

/// Buffers that came back together: of one command to a drive, or of one response of a ring.
struct FinishedIo {
  std::vector<std::uint64_t> tags{};
  bool failed = false;  ///< the disk could not read or write all of it
};

}  // namespace xensim
