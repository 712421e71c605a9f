/// An open file of a file system.
#pragma once

#include "models/guest/files/dentry_cache.hpp"
#include "models/guest/files/file.hpp"
#include "models/guest/files/file_system.hpp"
#include "models/guest/files/open_mode.hpp"
#include "models/guest/files/read_ahead.hpp"

namespace xensim {

/// Has a position of its own, and keeps its directory entry, and by it the inode, until it is released.
/// FileCalls reads and writes it, page by page, since either may have to wait.
class RegularFile final : public File {
 public:
  RegularFile(const KernelContext& context, FileSystem& files, DentryCache& entries, DentryId entry,
              InodeNumber inode, OpenMode mode)
      : context_(context), files_(files), entries_(entries), entry_(entry), inode_(inode), mode_(mode) {
    entries_.get(entry_);
  }

  void release(Wakes& wakes) override {
    if (FileLocks& locks = files_.inode(inode_).locks; !locks.empty()) {
      const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
      locks.unlock(*this, {0, UINT64_MAX});
      locks.waiting.wake(context_, wakes);
    }
    context_.locked(2);  // counts of the entry and of the mount
    if (const auto inode = entries_.put(entry_)) files_.evict(*inode);
  }

  [[nodiscard]] InodeNumber inode() const { return inode_; }
  [[nodiscard]] std::uint64_t position() const { return position_; }
  void seek(std::uint64_t position) {
    position_ = position;
    sought_ = true;
  }
  /// A call has read or written up to there.
  void move_to(std::uint64_t position) { position_ = position; }
  /// Nothing was read since it was opened or the position was set (f_reada is 0).
  [[nodiscard]] bool sought() const { return sought_; }
  void has_read() { sought_ = false; }
  [[nodiscard]] bool appends() const { return mode_.append; }
  [[nodiscard]] bool synchronous() const { return mode_.synchronous; }
  [[nodiscard]] ReadAhead& read_ahead() { return read_ahead_; }
  /// Position in a directory that is being read: it has been read.
  bool at_end = false;

 private:
  const KernelContext& context_;
  FileSystem& files_;
  DentryCache& entries_;
  DentryId entry_;
  InodeNumber inode_;
  OpenMode mode_;
  ReadAhead read_ahead_;
  std::uint64_t position_ = 0;
  bool sought_ = true;
};

}  // namespace xensim
