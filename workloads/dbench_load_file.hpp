/// Load files of dbench: what a file server's client did, one operation a line.
#pragma once

#include <array>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xensim {

/// As dbench 4 reads them. Numbers are as in the file; paths are numbers in DbenchLoadFile::paths.
struct DbenchOperation {
  enum class Kind : std::uint8_t {
    create,
    close,
    read,
    write,
    flush,
    unlink,
    rename,
    make_directory,
    remove_directory,
    delete_tree,
    query_path,
    query_file,
    query_file_system,
    set_file,
    find,
    lock,
    unlock,
    count_,
  };
  static constexpr std::size_t kinds = static_cast<std::size_t>(Kind::count_);

  Kind kind{};
  bool succeeds = false;              ///< it must, or must not
  std::uint32_t path = 0, other = 0;  ///< of those that have one; the new name
  std::uint32_t options = 0, disposition = 0;
  std::uint32_t handle = 0;
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0, moved = 0;  ///< asked for; moved
  std::uint32_t line = 0;              ///< from 1
};

/// Names in load files and in dbench's report, and how many paths it has, in the order of
/// DbenchOperation::Kind.
struct DbenchName {
  std::string_view in_file, reported;
  std::uint8_t paths = 0;
};
inline constexpr std::array<DbenchName, DbenchOperation::kinds> dbench_names{{
    {"NTCreateX", "NTCreateX", 1},
    {"Close", "Close"},
    {"ReadX", "ReadX"},
    {"WriteX", "WriteX"},
    {"Flush", "Flush"},
    {"Unlink", "Unlink", 1},
    {"Rename", "Rename", 2},
    {"Mkdir", "Mkdir", 1},
    {"Rmdir", "Rmdir", 1},
    {"Deltree", "Deltree", 1},
    {"QUERY_PATH_INFORMATION", "Qpathinfo", 1},
    {"QUERY_FILE_INFORMATION", "Qfileinfo"},
    {"QUERY_FS_INFORMATION", "Qfsinfo"},
    {"SET_FILE_INFORMATION", "Sfileinfo"},
    {"FIND_FIRST", "Find", 1},
    {"LockX", "LockX"},
    {"UnlockX", "UnlockX"},
}};

/// A load file in memory: some 50 bytes an operation.
class DbenchLoadFile {
 public:
  /// Throws InputError with file and line: no such file, an unknown operation, a field or the status missing,
  /// a handle that is not open. `name` is what messages call it. At most `most` operations are read; 0: all.
  DbenchLoadFile(std::istream& input, const std::string& name, std::uint64_t most = 0);
  /// Operations that were not read from a file, on these paths.
  DbenchLoadFile(std::vector<DbenchOperation> operations, std::vector<std::string> paths)
      : operations_(std::move(operations)), paths_(std::move(paths)) {}
  [[nodiscard]] static DbenchLoadFile read(const std::string& path, std::uint64_t most = 0);

  [[nodiscard]] const std::vector<DbenchOperation>& operations() const { return operations_; }
  /// The paths for one client, as its kernel names them: each has directories of its own.
  [[nodiscard]] std::vector<std::string> paths(std::uint32_t client) const;

 private:
  std::vector<DbenchOperation> operations_;
  std::vector<std::string> paths_;
};

}  // namespace xensim
