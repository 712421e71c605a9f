/// What blktrace writes: a binary file for each processor.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/recorded/disk_load.hpp"

namespace xensim {

/// Takes the requests that were queued (Q) from one file after another, each of one processor, or of several
/// in any order. Source: blktrace's manual, and what Linux documents of its interface to programs.
class BlktraceReader {
 public:
  BlktraceReader() { load_.format = "blktrace"; }

  /// Times are from the first record on; those of other processors may be before it. `options.most` is of no
  /// account, since order is not known yet. Throws InputError with the byte for what does not belong there.
  void read(std::istream& stream, const std::string& name, const RecordedDiskOptions& options);
  [[nodiscard]] RecordedDiskLoad take() { return std::move(load_); }

  /// Whether a file may be one that begins with this byte, which no text of a load does.
  [[nodiscard]] static bool may_begin_with(int byte) { return byte == 0x07 || byte == 'e'; }
  [[nodiscard]] static bool recognises(std::string_view beginning);

 private:
  RecordedDiskLoad load_;
  std::optional<std::uint64_t> first_{};  ///< stamp: nanoseconds
  std::uint32_t records_ = 0;
};

/// Which files a path stands for: `sda.blktrace.0` for those of all processors beside it, any other for
/// itself.
[[nodiscard]] std::vector<std::string> blktrace_files(const std::string& path);

}  // namespace xensim
