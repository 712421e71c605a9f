/// Reads what xentrace has recorded of a host: when virtual processors ran, waited and were blocked.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "results/traces/xentrace_windows.hpp"

namespace xensim {

struct XentraceChange {
  std::uint64_t cycle = 0;
  XentraceVcpu vcpu{};
  XentraceState from{}, to{};
};

/// The changes of state of a whole file in order of time, those of one processor in the order of the file.
/// Holds a piece of the file for each processor, and where its windows are.
class XentraceReader {
 public:
  static constexpr std::uint32_t most_cpus = 256;

  /// Looks through the windows: O(windows). Both outlive this; `name` is what messages call the file, which
  /// must be one that can be read from any place. Throws InputError with the offset of the byte.
  XentraceReader(std::istream& input, const std::string& name);

  /// False at the end. Throws InputError for a record that does not end in its window, or that is older than
  /// the one before it.
  [[nodiscard]] bool next(XentraceChange& change);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t windows() const { return windows_; }
  [[nodiscard]] std::uint32_t cpus() const;
  /// So far.
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }  ///< gaps in the recording
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }

  [[noreturn]] void fail(std::uint64_t offset, std::string_view found, std::string_view expected) const;
  /// Does a file that begins so look like one?
  [[nodiscard]] static bool recognises(std::string_view beginning);

 private:
  struct Window {
    std::uint64_t begin = 0, end = 0;
  };
  struct Cpu {
    std::vector<Window> windows;
    std::size_t window = 0;
    std::uint64_t at = 0;  ///< offset of the next record
    std::uint64_t buffered = 0;
    std::string buffer;  ///< of the file, from `buffered` on
    std::uint64_t cycle = 0;
    XentraceChange change;  ///< the next of this processor
  };
  using Turn = std::pair<std::uint64_t, std::uint32_t>;  ///< cycle, processor

  void find_windows();
  /// Goes on to the processor's next change of state. False: there is none.
  bool advance(Cpu& cpu);
  [[nodiscard]] std::string_view piece(Cpu& cpu, std::uint64_t offset, std::uint64_t end);

  std::istream& input_;
  const std::string& name_;
  std::vector<Cpu> cpus_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
  std::uint64_t bytes_ = 0, windows_ = 0, records_ = 0, lost_ = 0, first_ = 0, last_ = 0;
};

}  // namespace xensim
