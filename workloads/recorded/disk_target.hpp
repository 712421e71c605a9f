/// Where recorded requests go in a guest: to files, or to places on a raw disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/recorded/disk_load.hpp"

namespace xensim {

class DiskTarget {
 public:
  /// `load` outlives it. Requests of a disk go to the raw disk, and so do those of names in /dev, or all if
  /// `raw`. `file` is what messages call the load. Throws InputError for a file larger than a kernel has.
  DiskTarget(const RecordedDiskLoad& load, std::string file, bool raw);

  [[nodiscard]] bool has_raw() const { return has_raw_; }
  [[nodiscard]] bool is_raw(std::uint16_t file) const { return raw_.empty() || raw_[file]; }
  /// Bytes that a file must have so that all its requests lie in it.
  [[nodiscard]] std::uint64_t size_of(std::size_t file) const { return sizes_[file]; }

  /// The raw disk has so many sectors (negative: there is none), and begins at sector `origin` of the
  /// recorded one. Throws InputError with the line of the first request that lies outside, unless it `wraps`,
  /// or is not of whole sectors. O(requests).
  void fit(std::int64_t sectors, std::int64_t origin, bool wraps);
  /// In bytes from the beginning of the raw disk that it was fitted to.
  [[nodiscard]] std::uint64_t place_of(const RecordedRequest& request) const;

 private:
  [[noreturn]] void fail(const RecordedRequest& request, std::string_view found,
                         std::string_view expected) const;

  const RecordedDiskLoad& load_;
  std::string file_;
  std::vector<bool> raw_;             ///< by file; empty: all are
  std::vector<std::uint64_t> sizes_;  ///< by file
  bool has_raw_ = false;
  std::uint64_t disk_ = 0, origin_ = 0;  ///< bytes
};

}  // namespace xensim
