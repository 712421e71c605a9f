/// Bytes that wait on disk until a file can be written in its order.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>

namespace xensim {

class AtomicFile;

/// A temporary file without a name, in the directory of the file that is to be: whatever becomes of the
/// program, nothing of it remains. Made with the first byte. Throws InputError naming the file that is to be
/// when it cannot be written or read.
class Spool {
 public:
  explicit Spool(std::filesystem::path file) : file_(std::move(file)) {}

  void write(std::string_view bytes);
  /// Of a type that is nothing but its bytes.
  template <class Record>
  void write_record(const Record& record) {
    static_assert(std::is_trivially_copyable_v<Record>);
    write({reinterpret_cast<const char*>(&record), sizeof record});
  }
  /// So far.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// All bytes, in order. Nothing is written after that.
  void copy_to(AtomicFile& file);
  /// Calls `take` with each record that `write_record` wrote, if it wrote all. Nothing is written after that.
  template <class Record, class Take>
  void for_each(Take take) {
    static_assert(std::is_trivially_copyable_v<Record>);
    Record record;
    for (rewind(); read(&record, sizeof record);) take(record);
  }

 private:
  struct Close {
    void operator()(std::FILE* stream) const { (void)std::fclose(stream); }
  };
  void open();
  void rewind();
  /// False at the end.
  [[nodiscard]] bool read(void* to, std::size_t bytes);
  [[noreturn]] void fail() const;

  std::filesystem::path file_;
  std::unique_ptr<std::FILE, Close> stream_;  ///< null while it is empty
  std::uint64_t size_ = 0;
};

}  // namespace xensim
