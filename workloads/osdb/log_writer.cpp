#include "workloads/osdb/log_writer.hpp"

#include <string>
#include <utility>

namespace xensim {

Program LogWriter::make_segment() {
  const std::string name = database_.log_path(log_.make()), made = name + ".new";
  const std::int64_t file = co_await self_.creat(made);
  for (std::uint64_t filled = 0; filled < WriteAheadLog::segment_bytes; filled += WriteAheadLog::page_bytes) {
    co_await self_.write(file, WriteAheadLog::page_bytes);
  }
  co_await self_.fsync(file);
  co_await self_.close(file);
  co_await self_.rename(made, name);
}

Program LogWriter::open(std::uint32_t segment) {
  if (file_ >= 0) co_await self_.close(file_);
  if (log_.lacks(segment)) co_await make_segment();
  segment_ = segment;
  const std::string name = database_.log_path(segment);
  file_ = co_await self_.open(name);
}

Program LogWriter::write() {
  const LogPosition end = log_.entered();
  std::uint64_t next = WriteAheadLog::segment_bytes;
  for (const WriteAheadLog::Page& page : log_.unwritten()) {
    if (!has_open(page.segment)) {
      co_await open(page.segment);
      next = WriteAheadLog::segment_bytes;
    }
    if (page.offset != next) co_await self_.lseek(file_, static_cast<std::int64_t>(page.offset));
    co_await self_.write(file_, WriteAheadLog::page_bytes);
    next = page.offset + WriteAheadLog::page_bytes;
    const std::uint64_t segment_end = std::uint64_t{page.segment + 1} * WriteAheadLog::segment_bytes;
    if (next == WriteAheadLog::segment_bytes && end > segment_end) co_await self_.fsync(file_);
  }
  log_.written(end);
}

Program LogWriter::enter(std::uint64_t bytes, const std::vector<DataBlock>& blocks, LogPosition& end) {
  SelectSets nothing;
  while (!log_.try_entering()) co_await self_.select(0, nothing, spin_lock_back_off);
  while (log_.lacks_buffers(bytes, blocks)) {
    if (!log_.try_lock()) {
      co_await self_.select(0, nothing, spin_lock_back_off);
      continue;
    }
    co_await write();
    log_.unlock();
  }
  end = log_.enter(bytes, blocks);
  log_.has_entered();
}

Program LogWriter::flush(LogPosition position) {
  SelectSets nothing;
  while (!has_flushed(position)) {
    // Who finds the log busy looks again after the next tick: the holder has mostly written for him too.
    if (!log_.try_lock()) {
      co_await self_.select(0, nothing, spin_lock_back_off);
      continue;
    }
    const LogPosition end = log_.entered();
    co_await write();
    const auto last = static_cast<std::uint32_t>((end - 1) / WriteAheadLog::segment_bytes);
    if (!has_open(last)) co_await open(last);  // another has written all of it
    co_await self_.fsync(file_);
    log_.flushed(end);
    ++database_.flushes;
    log_.unlock();
    if (log_.checkpoint_due() && !std::exchange(database_.checkpoint_asked, true)) {
      const std::vector<SemaphoreOperation> ask{{database_.checkpoint_semaphore(), 1}};
      co_await self_.semop(database_.semaphores, ask);
    }
  }
}

}  // namespace xensim
