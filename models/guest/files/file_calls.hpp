/// System calls on files that may wait for the disk, for memory or for the journal.
#pragma once

#include <optional>

#include "models/guest/files/file_writers.hpp"
#include "models/guest/files/regular_file.hpp"
#include "models/guest/files/write_back.hpp"
#include "models/guest/processes/system_calls.hpp"

namespace xensim {

/// A read or a write of a program, in progress.
struct TransferCall {
  std::int64_t descriptor = -1;
  std::size_t bytes = 0;
  std::optional<std::uint64_t> offset{};  ///< pread, pwrite: not at the file's position

  ReadCall reading{};
  WriteCall writing{};
  bool begun = false, changes_begun = false;
  std::uint64_t at = 0;  ///< where it begins, in bytes
  std::uint64_t done = 0;
  std::optional<std::uint32_t> awaited{};  ///< page that was asked for
  std::uint32_t owes = 0;                  ///< buffers that the writer must write
  std::uint32_t synchronized = 0;          ///< pages submitted, of a synchronous write
  std::optional<CallResult> result{};

  /// It was interrupted before anything was transferred, and may be made again.
  void begin_again() {
    begun = false;
    reading = {};
    writing = {};
  }
};

/// fsync in progress.
struct SyncCall {
  std::int64_t descriptor = -1;
  std::shared_ptr<File> file{};
  std::uint32_t from = 0;
  bool submitted = false;
  std::uint64_t transaction = 0;
};

/// Linux 2.4.21 mm/filemap.c around SystemCalls and FileSystem: a call goes on page by page, and between
/// pages its process may sleep. Without a disk nothing waits.
class FileCalls {
 public:
  /// Everything outlives this; the last two are null without a disk.
  FileCalls(const KernelContext& context, GuestKernel& scheduler, SystemCalls& calls, GuestMemory& memory,
            MemoryPressure* pressure, WriteBack* write_back)
      : context_(context),
        calls_(calls),
        files_(calls.files()),
        memory_(memory),
        pressure_(pressure),
        write_back_(write_back),
        writers_(context, scheduler) {}

  // All: `caller` has `sleeps` or `again` set if the call is to be made again.
  [[nodiscard]] CallResult read(GuestProcess& caller, TransferCall& call, std::span<std::byte> buffer);
  [[nodiscard]] CallResult write(GuestProcess& caller, TransferCall& call, std::span<const std::byte> buffer);
  [[nodiscard]] CallResult fsync(GuestProcess& caller, SyncCall& call);
  /// Files that are mapped, one after the other.
  struct MappedSyncCall {
    std::vector<std::shared_ptr<MappedFile>> files{};
    SyncCall current{};
  };
  [[nodiscard]] CallResult synchronize(GuestProcess& caller, MappedSyncCall& call);
  /// The whole file system.
  struct SyncAllCall {
    bool begun = false;
    std::uint64_t transaction = 0;
    std::vector<BufferId> awaited{};
  };
  [[nodiscard]] CallResult sync(GuestProcess& caller, SyncAllCall& call);

  /// A call that changes names or sizes, and sets so much of the journal aside, may begin. False: as above.
  [[nodiscard]] bool may_change(GuestProcess& caller, std::uint32_t credits);
  [[nodiscard]] bool may_close(GuestProcess& caller, std::int64_t descriptor);
  /// The time of access may change, which is a change of the inode's block once a second.
  [[nodiscard]] bool may_access(GuestProcess& caller, InodeNumber inode);
  [[nodiscard]] bool may_access(GuestProcess& caller, std::int64_t descriptor);
  /// The caller is dead, in the middle of a write or not.
  void abandon(GuestProcess& caller, Wakes& wakes);
  [[nodiscard]] const FileWriters& writers() const { return writers_; }

 private:
  /// Of a file that is not regular.
  template <class Transfer>
  [[nodiscard]] CallResult resume(const GuestProcess& caller, TransferCall& call, Transfer& transfer) {
    transfer.request.progress.interrupted = caller.signals.pending();
    CallResult result = calls_.resume(transfer);
    if (is_restart(result.error)) call.begin_again();
    return result;
  }
  /// False: the caller sleeps until the file is on the disk.
  [[nodiscard]] bool synchronized(GuestProcess& caller, SyncCall& call, Inode& inode);
  [[nodiscard]] bool read_page(GuestProcess& caller, TransferCall& call, RegularFile& file);
  void read_ahead(const GuestProcess& caller, RegularFile& file, std::uint32_t index, bool missing);
  [[nodiscard]] bool write_page(GuestProcess& caller, TransferCall& call, Inode& inode);
  [[nodiscard]] bool may_write_page(GuestProcess& caller, TransferCall& call, Inode& inode,
                                    std::uint64_t offset, std::uint64_t bytes);
  [[nodiscard]] bool synchronized(GuestProcess& caller, TransferCall& call, Inode& inode);
  [[nodiscard]] bool make_room(GuestProcess& caller);
  [[nodiscard]] Time now(const GuestProcess& caller) const { return pressure_->now(caller); }
  [[nodiscard]] Time local_time() const;

  const KernelContext& context_;
  SystemCalls& calls_;
  FileSystem& files_;
  GuestMemory& memory_;
  MemoryPressure* pressure_;
  WriteBack* write_back_;
  FileWriters writers_;
};

}  // namespace xensim
