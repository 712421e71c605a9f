/// Writers of one file come one after the other.
#pragma once

#include <optional>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "models/guest/processes/call_result.hpp"

namespace xensim {

class GuestKernel;
struct GuestProcess;
struct Inode;
struct KernelContext;

/// Who writes a file, and who waits for that.
struct FileWriter {
  std::optional<ProcessId> owner{};  ///< in the middle of a write
  Time entered{};
  std::vector<ProcessId> waiting{};
  // The last write, which others may see as going on still: its processor, and when.
  unsigned processor = 0;
  Time from{}, until{};
};

/// The inode's semaphore (i_sem of Linux 2.4.21 around generic_file_write) where several processors share a
/// kernel. Waiters sleep; whoever is done wakes the first.
class FileWriters {
 public:
  /// Both outlive this.
  FileWriters(const KernelContext& context, GuestKernel& scheduler)
      : context_(context), scheduler_(scheduler) {}

  /// The caller, on its processor at `now`, may write the file, and nobody else until it leaves. False: it
  /// sleeps, and asks again.
  [[nodiscard]] bool enter(GuestProcess& caller, Inode& file, Time now);
  /// It is done, at `now`, or dead. Nothing if it writes no file.
  void leave(GuestProcess& caller, Inode& file, Time now, Wakes& wakes);

  [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

 private:
  const KernelContext& context_;
  GuestKernel& scheduler_;
  std::uint64_t sleeps_ = 0;
};

}  // namespace xensim
