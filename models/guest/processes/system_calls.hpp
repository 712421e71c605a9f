/// The system calls of a guest kernel that do not manage memory or processes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/guest/files/open_mode.hpp"
#include "models/guest/files/path_lookup.hpp"
#include "models/guest/network/select.hpp"
#include "models/guest/processes/signals.hpp"

namespace xensim {

class PipePages;

/// What a process has open, and where it is.
struct ProcessFiles {
  explicit ProcessFiles(const KernelContext& context) : table(context) {}

  FileTable table;
  DentryId working_directory = DentryCache::root();
};

/// A read or write in progress: it keeps its file while it sleeps.
struct ReadCall {
  ReadRequest request;
  std::shared_ptr<File> file{};
};
struct WriteCall {
  WriteRequest request;
  std::shared_ptr<File> file{};
};

/// Entry points below the trap. Each reports one system_call and what it did; the gate's own time is the
/// processor's. Nothing blocks: see CallResult.
class SystemCalls {
 public:
  /// `pipe_pages`: see Pipe.
  SystemCalls(const KernelContext& context, FileSystem& files, PipePages* pipe_pages = nullptr)
      : context_(context),
        files_(files),
        pipe_pages_(pipe_pages),
        entries_(context, DiskLayout::root),
        lookup_(context, entries_, files) {}

  void getppid();

  using OpenMode = xensim::OpenMode;
  /// The value is the descriptor.
  [[nodiscard]] CallResult open(ProcessFiles& process, std::string_view path, OpenMode mode);
  [[nodiscard]] CallResult creat(ProcessFiles& process, std::string_view path) {
    return open(process, path, {.create = true, .truncate = true});
  }
  [[nodiscard]] CallResult close(ProcessFiles& process, unsigned descriptor);
  [[nodiscard]] CallResult dup(ProcessFiles& process, unsigned descriptor);
  /// The value is the read end's descriptor; `write_end` is set if it succeeds.
  [[nodiscard]] CallResult pipe(ProcessFiles& process, unsigned& write_end);

  /// After a sleep the same call is resumed.
  [[nodiscard]] CallResult read(const ProcessFiles& process, unsigned descriptor, ReadCall& call);
  [[nodiscard]] CallResult write(const ProcessFiles& process, unsigned descriptor, WriteCall& call);
  [[nodiscard]] CallResult resume(ReadCall& call);
  [[nodiscard]] CallResult resume(WriteCall& call);
  // The parts of those.
  [[nodiscard]] CallResult begin(const ProcessFiles& process, unsigned descriptor,
                                 std::shared_ptr<File>& file);
  [[nodiscard]] CallResult end(std::shared_ptr<File> file, CallResult result);
  [[nodiscard]] CallResult begin_sync(const ProcessFiles& process, unsigned descriptor,
                                      std::shared_ptr<File>& file);
  /// The value is the new position.
  [[nodiscard]] CallResult seek(const ProcessFiles& process, unsigned descriptor, std::int64_t offset,
                                SeekFrom from);
  /// After a sleep, Select::run again.
  [[nodiscard]] CallResult select(Select& call);

  /// A path handed in by a process, for calls of other parts of the kernel.
  [[nodiscard]] PathLookup::Found find(const ProcessFiles& process, std::string_view path);
  [[nodiscard]] CallResult stat(const ProcessFiles& process, std::string_view path);
  [[nodiscard]] CallResult mkdir(const ProcessFiles& process, std::string_view path) {
    return make(process, path, InodeKind::directory);
  }
  [[nodiscard]] CallResult mknod(const ProcessFiles& process, std::string_view path, InodeKind device) {
    return make(process, path, device);
  }
  [[nodiscard]] CallResult unlink(const ProcessFiles& process, std::string_view path);
  [[nodiscard]] CallResult rmdir(const ProcessFiles& process, std::string_view path);
  /// What has the new name goes away.
  [[nodiscard]] CallResult rename(const ProcessFiles& process, std::string_view from, std::string_view to);
  [[nodiscard]] CallResult truncate(const ProcessFiles& process, std::string_view path, std::uint64_t size);
  [[nodiscard]] CallResult ftruncate(const ProcessFiles& process, unsigned descriptor, std::uint64_t size);
  [[nodiscard]] CallResult fstat(const ProcessFiles& process, unsigned descriptor);
  /// Sets, or ends, an exclusive lock. Sleeps until nobody else has one there; then to be made again with
  /// `again` set, and `interrupted` if a signal ends it.
  [[nodiscard]] CallResult lock(const ProcessFiles& process, ProcessId caller, unsigned descriptor,
                                FileLocks::Range range, bool again, bool interrupted = false);
  [[nodiscard]] CallResult unlock(const ProcessFiles& process, unsigned descriptor, FileLocks::Range range);
  /// Of the whole file system. Sets an inode's times.
  [[nodiscard]] CallResult statfs(const ProcessFiles& process, std::string_view path);
  [[nodiscard]] CallResult utime(const ProcessFiles& process, std::string_view path);
  /// Reads an open directory, from its beginning to its end: the value is the number of names, which are
  /// put into `names` if it is not null; 0 the next time.
  [[nodiscard]] CallResult getdents(const ProcessFiles& process, unsigned descriptor,
                                    std::vector<std::string>* names);

  [[nodiscard]] CallResult sigaction(Signals& signals, SignalNumber signal, const SignalAction& action,
                                     SignalAction* previous = nullptr);
  /// To the process that has `target`; `wakes` is set if it may have to be woken.
  [[nodiscard]] CallResult kill(Signals& target, SignalNumber signal, bool& wakes);
  [[nodiscard]] CallResult sigreturn(Signals& signals);

  [[nodiscard]] FileSystem& files() { return files_; }
  [[nodiscard]] DentryCache& entries() { return entries_; }

 private:
  [[nodiscard]] CallResult make(const ProcessFiles& process, std::string_view path, InodeKind kind);
  /// The entry becomes a new file; the value is its inode.
  [[nodiscard]] CallResult create_at(DentryId entry, InodeKind kind);
  [[nodiscard]] std::shared_ptr<File> opened(DentryId entry, InodeNumber inode, OpenMode mode);

  const KernelContext& context_;
  FileSystem& files_;
  PipePages* pipe_pages_;
  DentryCache entries_;
  PathLookup lookup_;
};

}  // namespace xensim
