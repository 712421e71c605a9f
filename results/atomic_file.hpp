/// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace xensim {

/// Writes beside `path` and takes its name in `commit`; without `commit` nothing remains. Of a link, the file
/// that it leads to is replaced; a device or pipe is not: it gets the bytes as they come.
/// Throws InputError naming the file when it cannot be written. Survives a crash of the program, not of
/// the machine (no fsync).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path path_, temporary_;  ///< the latter empty if there is none
  std::ofstream stream_;
};

/// Throws InputError if a file could not be written there. Leaves what is there as it is.
void check_writable(const std::filesystem::path& path);

void write_file(const std::filesystem::path& path, std::string_view content);

/// The content, or nothing if there is no such readable file.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& path);

/// Makes `path` a directory, with its parents. Throws InputError.
void make_directory(const std::filesystem::path& path);

}  // namespace xensim
