/// The descriptors of a process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/guest/files/file.hpp"

namespace xensim {

/// A files_struct of Linux 2.4.21: descriptor numbers to open files. The number of references to a file is
/// that of its shared pointers.
class FileTable {
 public:
  static constexpr unsigned limit = 1024;  ///< RLIMIT_NOFILE

  explicit FileTable(const KernelContext& context) : context_(&context) {}

  /// Gives a file the lowest free descriptor: the value. Fails with too_many_files.
  [[nodiscard]] CallResult install(std::shared_ptr<File> file);
  /// fget, with the fput at the end of the call. Null if the descriptor is not open.
  [[nodiscard]] std::shared_ptr<File> get(unsigned descriptor) const;
  [[nodiscard]] CallResult duplicate(unsigned descriptor);
  [[nodiscard]] CallResult close(unsigned descriptor);

  /// What a fork gives the child: the same files.
  [[nodiscard]] FileTable forked() const;
  /// As at exit.
  void close_all(Wakes& wakes);

  /// Without work, for what comes before a call: null if the descriptor is not open.
  [[nodiscard]] std::shared_ptr<File> peek(unsigned descriptor) const {
    return is_open(descriptor) ? slots_[descriptor] : nullptr;
  }
  /// Without work: for checks that do not look files up.
  [[nodiscard]] bool is_open(unsigned descriptor) const {
    return descriptor < slots_.size() && slots_[descriptor] != nullptr;
  }
  [[nodiscard]] unsigned open_count() const { return open_; }
  /// Highest number there ever was, plus one.
  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(slots_.size()); }
  [[nodiscard]] std::string audit() const;

 private:
  const KernelContext* context_;
  std::vector<std::shared_ptr<File>> slots_;
  unsigned open_ = 0;
  unsigned lowest_free_ = 0;  ///< none below is free
};

}  // namespace xensim
