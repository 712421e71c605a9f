/// One writer to a directory at a time.
#pragma once

#include <filesystem>
#include <utility>

namespace xensim {

/// Holds a directory until it is destroyed or its process ends, however it ends. Where the file system knows
/// no locks, it holds nothing.
class DirectoryLock {
 public:
  /// Throws InputError if another one, of this process or any other on this computer, holds `directory`.
  explicit DirectoryLock(const std::filesystem::path& directory);
  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock();

 private:
  int descriptor_;
};

}  // namespace xensim
