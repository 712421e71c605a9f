/// From a path to a directory entry.
#pragma once

#include <string_view>

#include "models/guest/files/dentry_cache.hpp"
#include "models/guest/files/file_system.hpp"

namespace xensim {

/// The path walk of Linux 2.4.21 (fs/namei.c): one component after another, each from the cache or else from
/// its directory, which leaves an entry in the cache even if the name is not there. Paths are absolute or
/// relative. Symbolic links, permissions that forbid, and mounts do not occur.
class PathLookup {
 public:
  PathLookup(const KernelContext& context, DentryCache& entries, FileSystem& files)
      : context_(context), entries_(entries), files_(files) {}

  struct Found {
    DentryId entry;  ///< of the whole path; valid without an inode if only the last component does not exist
    std::optional<InodeNumber> inode;
    CallError error = CallError::none;  ///< no_entry or not_directory
  };
  /// `path` in kernel memory: getname() comes first. O(components), and a search of the directory for each
  /// that is not cached. No references are held.
  [[nodiscard]] Found walk(std::string_view path, DentryId working_directory);

  /// getname and putname, around the use of a path handed in by a process.
  void copy_name(std::string_view path);

 private:
  [[nodiscard]] DentryId step(DentryId directory, std::string_view name);

  const KernelContext& context_;
  DentryCache& entries_;
  FileSystem& files_;
};

}  // namespace xensim
