#include "results/atomic_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include "core/error.hpp"

namespace xensim {
namespace fs = std::filesystem;

namespace {

/// Something that a new file must not take the place of, such as /dev/null.
bool is_device_or_pipe(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

fs::path behind_links(const fs::path& path) {
  std::error_code ignored;
  const fs::path target = fs::is_symlink(path, ignored) ? fs::canonical(path, ignored) : path;
  return target.empty() ? path : target;  // a link to nothing is replaced itself
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  if (is_device_or_pipe(path_)) {
    stream_.open(path_, std::ios::binary);
  } else if (std::error_code ignored; fs::is_directory(path_, ignored)) {
    errno = EISDIR;
    fail();
  } else {
    path_ = behind_links(path_);
    temporary_ = path_;
    temporary_ += fmt::format(".{}.tmp", ::getpid());
    stream_.open(temporary_, std::ios::binary | std::ios::trunc);
  }
  if (!stream_) fail();
}

AtomicFile::~AtomicFile() {
  if (temporary_.empty()) return;
  stream_.close();
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void AtomicFile::write(std::string_view text) {
  stream_.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream_) fail();
}

void AtomicFile::commit() {
  stream_.close();
  if (!stream_) fail();
  if (temporary_.empty()) return;
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error) {
    throw InputError({.file = path_.string()}, fmt::format("cannot be written ({})", error.message()));
  }
  temporary_.clear();
}

void AtomicFile::fail() const {
  throw InputError({.file = path_.string()},
                   fmt::format("cannot be written ({})", std::generic_category().message(errno)));
}

void check_writable(const fs::path& path) {
  if (!is_device_or_pipe(path)) {
    (void)AtomicFile(path);
  } else if (::access(path.c_str(), W_OK) != 0) {
    throw InputError({.file = path.string()},
                     fmt::format("cannot be written ({})", std::generic_category().message(errno)));
  }
}

void write_file(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

std::optional<std::string> read_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string content{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad()) return std::nullopt;
  return content;
}

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw InputError({.file = path.string()},
                     error ? fmt::format("is no directory and cannot be made one ({})", error.message())
                           : "is no directory");
  }
}

}  // namespace xensim
