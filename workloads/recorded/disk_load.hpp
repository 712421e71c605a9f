/// What was recorded of a disk or of files: requests, and when they came.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "workloads/recorded/description.hpp"

namespace xensim {

struct RecordedRequest {
  enum class Kind : std::uint8_t {
    read,
    write,
    flush,    ///< of a file: sync, datasync; of a disk: its cache
    discard,  ///< trim
  };
  static constexpr std::size_t kinds = 4;

  Time at{};  ///< since the first
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;
  std::uint32_t line = 0;  ///< of the file, from 1; in a binary file: record
  std::uint16_t file = 0;  ///< of those in RecordedDiskLoad::files
  Kind kind{};
};

/// Requests in the order in which they came: 32 bytes each.
struct RecordedDiskLoad {
  std::string_view format;
  std::vector<RecordedRequest> requests;
  std::vector<std::string> files;    ///< paths; none: all requests are of one disk
  std::vector<std::string> devices;  ///< whose requests these are, as `device` names them
  std::vector<std::string> others;   ///< devices that were not wanted: the first few
  bool has_times = true;             ///< otherwise it gives the order alone
  std::uint64_t synchronous = 0;     ///< requests somebody waited for (S of blktrace)
  std::uint64_t commands = 0;        ///< for the device itself, such as SCSI's INQUIRY: they are no requests
};

struct RecordedDiskOptions {
  Time unit = 1us;  ///< of the stamps and waits of fio
  /// `8,0` of blktrace, a file's name of fio, a disk or `DOMAIN,DISK` of a run's own trace; empty: the only
  /// device, or all files.
  std::string device{};
  std::uint64_t most = 0;    ///< requests that are read; 0: all
  bool all_devices = false;  ///< also if there are several and none is chosen: to describe them
};

/// Of the formats below, by how it begins. `name` is what messages call the input. Reads line by line;
/// throws InputError with file and line for whatever does not belong there, and if there is no request. A
/// path of blktrace stands for the files of all processors. O(requests), if they are not in order O(n log n).
[[nodiscard]] RecordedDiskLoad read_disk_load(std::istream& input, const std::string& name,
                                              const RecordedDiskOptions& options = {});
[[nodiscard]] RecordedDiskLoad read_disk_load(const std::string& path,
                                              const RecordedDiskOptions& options = {});

/// Whether a file that begins so is one of them, whatever may be wrong with it.
[[nodiscard]] bool is_disk_load(std::string_view beginning);

/// Counts, bytes and duration.
[[nodiscard]] Description describe(const RecordedDiskLoad& load);

class TextLines;
struct RecordedDiskSource {
  TextLines& lines;
  const std::string& name;
  const RecordedDiskOptions& options;
  std::string first;  ///< line, which has been read
};
/// fio's iolog, versions 2 and 3. Source: fio's manual, "Trace file format".
[[nodiscard]] RecordedDiskLoad read_fio_iolog(const RecordedDiskSource& source);
/// What blkparse prints by default: its requests that were queued (Q). Source: blkparse(1).
[[nodiscard]] RecordedDiskLoad read_blkparse(const RecordedDiskSource& source);
/// A run's own trace of disks (`--trace block:FILE`): commands, from when the oldest of their buffers came.
[[nodiscard]] RecordedDiskLoad read_block_csv(const RecordedDiskSource& source);
inline constexpr std::string_view block_csv_header =
    "complete_us,domain,disk,operation,sector,sectors,queued_us,service_us";

/// Whether a request of the device is wanted, which `names` are; throws InputError for that line of the file
/// if there are several and none is chosen.
[[nodiscard]] bool wants_device(RecordedDiskLoad& load, const RecordedDiskOptions& options,
                                std::initializer_list<std::string_view> names, const std::string& file,
                                std::uint32_t line);
/// Takes note of one that is not wanted, for messages.
void note_other_device(RecordedDiskLoad& load, std::string_view name);
/// Takes the request, unless `options.most` are there already: then false.
[[nodiscard]] bool take_request(RecordedDiskLoad& load, const RecordedDiskOptions& options,
                                const RecordedRequest& request);

}  // namespace xensim
