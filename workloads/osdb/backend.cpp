/// The server's processes: one for each client, and the one that makes checkpoints.
#include <algorithm>
#include <utility>

#include "models/guest/memory/area.hpp"
#include "workloads/osdb/database.hpp"

namespace xensim {
namespace {

/// PostgreSQL 7.1's spin locks try again after so long (up to 10 ms, which is all the same until the next
/// tick).
constexpr Time back_off = 1us;
constexpr std::size_t message_room = 8192, block_size = Database::block_bytes;
constexpr std::uint32_t pages_per_block = Database::block_bytes / page_size;

/// Descriptors.
using RelationFiles = std::array<std::int64_t, Database::relations.size()>;

std::int64_t place_of(const DataBlock& block) {
  return static_cast<std::int64_t>(block.number * Database::block_bytes);
}

std::vector<SemaphoreOperation> change(unsigned semaphore, int by) { return {{semaphore, by}}; }

/// Fills a new file with zeros, so that all its blocks are on the disk, and gives it its name then.
Program make_segment(Self self, Database& database) {
  const std::string name = database.log_path(database.log.make()), made = name + ".new";
  const std::int64_t file = co_await self.creat(made);
  for (std::uint64_t filled = 0; filled < WriteAheadLog::segment_bytes; filled += WriteAheadLog::page_bytes) {
    co_await self.write(file, WriteAheadLog::page_bytes);
  }
  co_await self.fsync(file);
  co_await self.close(file);
  co_await self.rename(made, name);
}

/// The file of the log that a process has open.
struct LogSegment {
  std::int64_t file = -1;
  std::uint32_t number = 0;
  [[nodiscard]] bool is(std::uint32_t wanted) const { return file >= 0 && number == wanted; }
};

/// Has the file of that number open, which is made if it is not there.
Program open_segment(Self self, Database& database, LogSegment& segment, std::uint32_t number) {
  if (segment.file >= 0) co_await self.close(segment.file);
  if (database.log.lacks(number)) {
    Program making = make_segment(self, database);
    while (making.advance()) co_yield making.operation();
  }
  segment.number = number;
  const std::string name = database.log_path(number);
  segment.file = co_await self.open(name);
}

/// Writes the log's pages; who calls has its lock.
Program write_log(Self self, Database& database, LogSegment& segment) {
  WriteAheadLog& log = database.log;
  const LogPosition end = log.entered();
  std::uint64_t next = WriteAheadLog::segment_bytes;
  for (const WriteAheadLog::Page& page : log.unwritten()) {
    if (!segment.is(page.segment)) {
      Program opening = open_segment(self, database, segment, page.segment);
      while (opening.advance()) co_yield opening.operation();
      next = WriteAheadLog::segment_bytes;
    }
    if (page.offset != next) co_await self.lseek(segment.file, static_cast<std::int64_t>(page.offset));
    co_await self.write(segment.file, WriteAheadLog::page_bytes);
    next = page.offset + WriteAheadLog::page_bytes;
    const std::uint64_t segment_end = std::uint64_t{page.segment + 1} * WriteAheadLog::segment_bytes;
    if (next == WriteAheadLog::segment_bytes && end > segment_end) co_await self.fsync(segment.file);
  }
  log.written(end);
}

/// Enters a record about `blocks` into the log, which `end` is then.
Program enter_record(Self self, Database& database, LogSegment& segment, std::uint64_t bytes,
                     const std::vector<DataBlock>& blocks, LogPosition& end) {
  WriteAheadLog& log = database.log;
  SelectSets nothing;
  while (!log.try_entering()) co_await self.select(0, nothing, back_off);
  while (log.lacks_buffers(bytes, blocks)) {
    if (!log.try_lock()) {
      co_await self.select(0, nothing, back_off);
      continue;
    }
    Program writing = write_log(self, database, segment);
    while (writing.advance()) co_yield writing.operation();
    log.unlock();
  }
  end = log.enter(bytes, blocks);
  log.has_entered();
}

/// Returns when the log is on the disk up to `position`.
Program flush_log(Self self, Database& database, LogSegment& segment, LogPosition position) {
  WriteAheadLog& log = database.log;
  SelectSets nothing;
  while (log.flushed() < position) {
    // Who finds the log busy looks again after the next tick: the holder has mostly written for him too.
    if (!log.try_lock()) {
      co_await self.select(0, nothing, back_off);
      continue;
    }
    const LogPosition end = log.entered();
    Program writing = write_log(self, database, segment);
    while (writing.advance()) co_yield writing.operation();
    // Another may have written all of it.
    const auto last = static_cast<std::uint32_t>((end - 1) / WriteAheadLog::segment_bytes);
    if (!segment.is(last)) {
      Program opening = open_segment(self, database, segment, last);
      while (opening.advance()) co_yield opening.operation();
    }
    co_await self.fsync(segment.file);
    log.flushed(end);
    ++database.flushes;
    log.unlock();
    if (log.checkpoint_due() && !std::exchange(database.checkpoint_asked, true)) {
      const std::vector<SemaphoreOperation> ask =
          change(static_cast<unsigned>(database.next_statement.size()), 1);
      co_await self.semop(database.semaphores, ask);
    }
  }
}

/// What the questions of the fifteen minutes before OSDB counts have long led to: the buffers hold blocks, of
/// which each server reads its share here, and the process has met all of them.
Program meet_buffers(Self self, Database& database, unsigned client, const RelationFiles& files) {
  for (const DataBlock& block : database.first_blocks(client)) {
    (void)database.pool.fetch(block);
    co_await self.lseek(files[block.relation], place_of(block));
    co_await self.read(files[block.relation], block_size);
  }
  co_await self.touch(database.shared, database.pool.size() * pages_per_block, Access::write);
  ++database.ready;
}

}  // namespace

Program serve(Self self, Place place, Database& database, unsigned client, std::int64_t connection) {
  using enum DatabaseStep::Kind;
  const OsdbCosts& costs = database.costs;
  RelationFiles files{};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = database.relation_path(i);
    files[i] = co_await self.open(path);
  }
  SelectSets nothing;
  LogSegment segment;
  const Address heap{static_cast<std::uint32_t>(co_await self.brk({}))};
  std::vector<std::vector<Address>> code;  // of each statement
  for (const Statement& statement : database.statements) {
    const auto [first, end] = statement.code;
    const std::uint32_t begin = costs.code_pages * first / 100;
    code.push_back(
        places_in_pages({place.text.value + begin * page_size}, costs.code_pages * end / 100 - begin));
  }
  const std::vector<Address> data = places_in_pages(page_ceiling(heap), costs.data_pages);
  co_await self.brk({page_ceiling(heap).value + costs.data_pages * page_size});
  Program meeting = meet_buffers(self, database, client, files);
  while (meeting.advance()) co_yield meeting.operation();

  while (co_await self.unix_receive(connection, message_room) > 0) {
    const std::size_t asked = database.next_statement[client];
    const Statement& statement = database.statements[asked];
    co_await self.run_through(code[asked], costs.programs.code_page_lines);
    co_await self.touch(data, Access::write);
    if (asked == 0) co_await self.gettimeofday();  // of the transaction
    std::deque<DatabaseStep> steps = database.steps_for(statement);
    while (!steps.empty()) {
      const DatabaseStep step = std::move(steps.front());
      steps.pop_front();
      const std::uint32_t relation = step.block.relation;
      switch (step.kind) {
        case compute:
          co_yield Compute{step.time, &costs.backend_set};
          break;
        case fetch: {
          // A lock that is held is tried again after a while: its holder may have been preempted.
          while (database.pool_locked) co_await self.select(0, nothing, back_off);
          database.pool_locked = true;
          co_yield Compute{costs.pool_lock, &costs.backend_set};
          const BufferPool::Fetched fetched = database.pool.fetch(step.block);
          database.pool_locked = false;
          if (!fetched.hit) steps.push_front({.kind = read, .block = step.block});
          if (fetched.victim) {
            steps.push_front({.kind = write, .block = fetched.victim->block});
            steps.push_front({.kind = flush, .position = fetched.victim->change});
          }
          const Address buffer{database.shared.value +
                               fetched.buffer * static_cast<std::uint32_t>(block_size)};
          co_await self.touch(buffer, pages_per_block, Access::write);
          break;
        }
        case read:
          ++database.block_reads;
          co_await self.lseek(files[relation], place_of(step.block));
          co_await self.read(files[relation], block_size);
          break;
        case extend:
          database.log.begins(step.block);
          [[fallthrough]];
        case write:
          ++database.block_writes;
          co_await self.lseek(files[relation], place_of(step.block));
          co_await self.write(files[relation], block_size);
          break;
        case enter: {
          LogPosition end{};
          Program entering = enter_record(self, database, segment, step.bytes, step.blocks, end);
          while (entering.advance()) co_yield entering.operation();
          for (const DataBlock& block : step.blocks) database.pool.changed(block, end);
          if (step.blocks.empty()) {
            steps.push_front({.kind = flush, .position = end});
          } else {
            database.pool.changed(step.block, {});  // of a hash index, which is not logged
          }
          break;
        }
        case flush:
          if (database.log.flushed() < step.position) {
            Program flushing = flush_log(self, database, segment, step.position);
            while (flushing.advance()) co_yield flushing.operation();
          }
          break;
      }
    }
    co_await self.unix_send(connection, statement.answer);
  }
}

Program make_checkpoints(Self self, Database& database) {
  RelationFiles files{};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = database.relation_path(i);
    files[i] = co_await self.open(path);
  }
  LogSegment segment;
  const std::vector<SemaphoreOperation> wait =
      change(static_cast<unsigned>(database.next_statement.size()), -1);
  for (;;) {
    co_await self.semop(database.semaphores, wait);
    database.log.checkpoint();
    for (const BufferPool::Victim& changed : database.pool.clean()) {
      if (database.log.flushed() < changed.change) {
        Program flushing = flush_log(self, database, segment, changed.change);
        while (flushing.advance()) co_yield flushing.operation();
      }
      ++database.block_writes;
      const std::int64_t file = files[changed.block.relation];
      co_await self.lseek(file, place_of(changed.block));
      co_await self.write(file, block_size);
    }
    // mdsync of PostgreSQL's md.c: sync, as it may, only begins to write.
    co_await self.sync();
    co_yield Sleep{2s};
    co_await self.sync();
    // Its record, which is as long as a commit's.
    LogPosition end{};
    const std::vector<DataBlock> none;
    Program entering = enter_record(self, database, segment, Database::commit_bytes, none, end);
    while (entering.advance()) co_yield entering.operation();
    Program flushing = flush_log(self, database, segment, end);
    while (flushing.advance()) co_yield flushing.operation();
    if (database.log.nearly_full()) {
      Program making = make_segment(self, database);
      while (making.advance()) co_yield making.operation();
    }
    for (std::uint32_t old = 0; database.log.remove(old);) {
      const std::string name = database.log_path(old);
      co_await self.unlink(name);
    }
    database.checkpoint_asked = false;
    ++database.checkpoints;
  }
}

}  // namespace xensim
