/// A guest kernel's system calls without anything under them, and what they did.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "models/guest/files/device.hpp"
#include "models/guest/files/pipe.hpp"
#include "models/guest/files/regular_file.hpp"
#include "models/guest/processes/system_calls.hpp"

namespace xensim {

/// Counts what was done since it was made or restarted.
class Counting {
 public:
  explicit Counting(const KernelWork& work) : work_(work) { restart(); }
  void restart() {
    for (std::size_t i = 0; i < kernel_path_count; ++i) before_[i] = total(i);
  }
  [[nodiscard]] std::uint64_t operator[](KernelPath path) const {
    const auto i = static_cast<std::size_t>(path);
    return total(i) - before_[i];
  }

 private:
  [[nodiscard]] std::uint64_t total(std::size_t i) const { return work_.count(static_cast<KernelPath>(i)); }

  const KernelWork& work_;
  std::array<std::uint64_t, kernel_path_count> before_{};
};

/// Pages from nowhere, as many as there are.
class CountedPages final : public PageSource {
 public:
  explicit CountedPages(std::uint32_t limit = UINT32_MAX) : limit_(limit) {}
  ~CountedPages() override { EXPECT_TRUE(out_.empty()) << "pages were not given back"; }
  [[nodiscard]] std::optional<PageNumber> take(MappedFile& /*file*/, std::uint32_t /*index*/) override {
    if (out_.size() == limit_) return std::nullopt;
    out_.insert({next_});
    return PageNumber{next_++};
  }
  void drop(PageNumber page) override { EXPECT_EQ(out_.erase(page), 1U) << "given back twice"; }
  [[nodiscard]] std::size_t out() const { return out_.size(); }

 private:
  std::uint32_t limit_;
  std::uint32_t next_ = 1;
  std::set<PageNumber> out_;
};

/// Can always be written, like an idle socket.
struct WritableFile final : File {
  [[nodiscard]] bool has_poll() const override { return true; }
  [[nodiscard]] Readiness poll(PollTable* /*table*/) override { return {.writable = true}; }
};

/// One kernel with one process.
struct Calls {
  explicit Calls(KernelBuild build = {}) : context{work, build} {}

  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext context;
  CountedPages pages;
  FileSystem files{context, pages, {.groups = 2}};
  SystemCalls calls{context, files};
  ProcessFiles process{context};
  Counting did{work};

  void must(const CallResult& result) { ASSERT_TRUE(result.ok()) << static_cast<int>(result.error); }
  unsigned open(std::string_view path, SystemCalls::OpenMode mode = {}) {
    const CallResult result = calls.open(process, path, mode);
    EXPECT_TRUE(result.ok());
    return static_cast<unsigned>(result.value);
  }
  CallResult write(unsigned descriptor, std::size_t bytes) {
    const std::vector<std::byte> data(bytes);
    WriteCall call{{ProcessId{0}, data}};
    return calls.write(process, descriptor, call);
  }
  /// Writes behind the end of a regular file, as FileCalls does where nothing has to be waited for.
  CallResult append(unsigned descriptor, std::size_t bytes) {
    std::shared_ptr<File> opened;
    must(calls.begin(process, descriptor, opened));
    const InodeNumber inode = dynamic_cast<const RegularFile&>(*opened).inode();
    return calls.end(std::move(opened), files.write(inode, files.inode(inode).size, bytes));
  }
  CallResult read(unsigned descriptor, std::size_t bytes) {
    std::vector<std::byte> data(bytes);
    ReadCall call{{ProcessId{0}, data}};
    return calls.read(process, descriptor, call);
  }
};

}  // namespace xensim
