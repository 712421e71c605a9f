#include "results/traces/spool.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "core/error.hpp"
#include "results/atomic_file.hpp"

namespace xensim {
namespace fs = std::filesystem;

void Spool::write(std::string_view bytes) {
  if (stream_ == nullptr) open();
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_.get()) != bytes.size()) fail();
  size_ += bytes.size();
}

void Spool::open() {
  std::error_code ignored;
  const fs::file_status status = fs::status(file_, ignored);
  // Beside a device or a pipe there may be no room, and no right.
  const bool special = fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
  const fs::path parent = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
  std::string name = ((special ? fs::temp_directory_path() : parent) / ".xensim-trace-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) fail();
  (void)::unlink(name.c_str());
  stream_.reset(::fdopen(descriptor, "w+b"));
  if (stream_ != nullptr) return;
  (void)::close(descriptor);
  fail();
}

void Spool::rewind() {
  if (stream_ == nullptr) return;
  if (std::fflush(stream_.get()) != 0 || std::fseek(stream_.get(), 0, SEEK_SET) != 0) fail();
}

bool Spool::read(void* to, std::size_t bytes) {
  if (stream_ == nullptr) return false;
  const bool all = std::fread(to, 1, bytes, stream_.get()) == bytes;
  if (!all && std::ferror(stream_.get()) != 0) fail();
  return all;
}

void Spool::copy_to(AtomicFile& file) {
  rewind();
  std::array<char, 1 << 16> chunk{};
  for (std::uint64_t left = size_; left > 0;) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left, chunk.size()));
    if (!read(chunk.data(), bytes)) fail();
    file.write({chunk.data(), bytes});
    left -= bytes;
  }
}

void Spool::fail() const {
  throw InputError({.file = file_.string()},
                   fmt::format("cannot be written ({})", std::generic_category().message(errno)));
}

}  // namespace xensim
