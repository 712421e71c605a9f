/// Pipes.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "models/guest/files/file.hpp"
#include "models/guest/files/pipe_pages.hpp"

namespace xensim {

/// A pipe of Linux 2.4.21 (fs/pipe.c): one page as a ring of bytes; readers and writers share one wait
/// queue. A write of up to a page is atomic: it waits until all of it fits.
class Pipe {
 public:
  static constexpr std::size_t capacity = 4096;

  /// `page` comes from `pages`, and goes back there when both ends are closed. Without them the ring lies
  /// nowhere that anybody could miss.
  explicit Pipe(const KernelContext& context, PipePages* pages = nullptr, PageNumber page = {})
      : context_(context), pages_(pages), page_(page) {}
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  enum class End : std::uint8_t { read, write };
  void open(End end) { ++(end == End::read ? readers_ : writers_); }
  void close(End end, Wakes& wakes);

  /// To be called again after each sleep, until the result does not sleep.
  [[nodiscard]] CallResult read(ReadRequest& request, bool nonblocking);
  [[nodiscard]] CallResult write(WriteRequest& request, bool nonblocking);
  [[nodiscard]] Readiness poll(End end, PollTable* table);

  [[nodiscard]] std::size_t length() const { return length_; }
  /// It sleeps in a read or a write (not in select), and nothing has woken it.
  [[nodiscard]] bool sleeps(ProcessId process, End in) const { return queue_.sleeps(process, purpose(in)); }
  [[nodiscard]] const WaitQueue& queue() const { return queue_; }
  [[nodiscard]] std::string audit() const;

 private:
  /// False: it slept, and a signal ends it.
  [[nodiscard]] bool begin(Progress& progress, ProcessId process, std::uint32_t& waiting);
  [[nodiscard]] CallResult sleep(Progress& progress, ProcessId process, End in, CallResult so_far);
  /// Of those in the queue; those that select there have none.
  [[nodiscard]] static constexpr std::uint8_t purpose(End end) { return end == End::read ? 1 : 2; }
  void take(ReadRequest& request);
  void put(WriteRequest& request);
  /// The kernel finds the ring's page. Its lines, and those of dentry and inode, are among those of the
  /// process that uses the pipe.
  void use_page(Access access) const {
    if (page_.valid()) context_.work.use(page_, access);
  }
  /// On the way from the open file: one of each is made with each ring.
  void use_inode() const {
    if (!page_.valid()) return;
    for (const KernelObject object : {KernelObject::name, KernelObject::inode}) {
      context_.work.use(object_page(object, page_.value), Access::read);
    }
  }
  [[nodiscard]] CallResult finished(const Progress& progress, CallError if_nothing, CallResult so_far) const;

  const KernelContext& context_;
  PipePages* pages_;
  PageNumber page_;
  std::array<std::byte, capacity> ring_{};
  std::size_t start_ = 0, length_ = 0;
  std::uint32_t readers_ = 0, writers_ = 0;                  ///< open ends
  std::uint32_t waiting_readers_ = 0, waiting_writers_ = 0;  ///< asleep, or woken and not yet run
  WaitQueue queue_;
};

/// One end of a pipe as an open file.
class PipeEnd final : public File {
 public:
  PipeEnd(std::shared_ptr<Pipe> pipe, Pipe::End end);
  [[nodiscard]] CallResult read(ReadRequest& request) override;
  [[nodiscard]] CallResult write(WriteRequest& request) override;
  [[nodiscard]] bool has_poll() const override { return true; }
  [[nodiscard]] Readiness poll(PollTable* table) override { return pipe_->poll(end_, table); }
  void release(Wakes& wakes) override { pipe_->close(end_, wakes); }
  [[nodiscard]] const Pipe& pipe() const { return *pipe_; }
  [[nodiscard]] Pipe::End end() const { return end_; }

 private:
  std::shared_ptr<Pipe> pipe_;
  Pipe::End end_;
};

}  // namespace xensim
