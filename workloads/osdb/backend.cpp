/// The server's processes: one for each client, and the one that makes checkpoints.
#include "models/guest/memory/area.hpp"
#include "workloads/osdb/log_writer.hpp"

namespace xensim {
namespace {

constexpr std::size_t message_room = 8192, block_size = Database::block_bytes;
constexpr std::uint32_t pages_per_block = Database::block_bytes / page_size;

/// Descriptors.
using RelationFiles = std::array<std::int64_t, Database::relations.size()>;

Program open_relations(Self self, const Database& database, RelationFiles& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = database.relation_path(i);
    files[i] = co_await self.open(path);
  }
}

std::int64_t place_of(const DataBlock& block) {
  return static_cast<std::int64_t>(block.number * Database::block_bytes);
}

/// The process of a client.
class Backend {
 public:
  Backend(Self self, Database& database) : self_(self), database_(database), log_(self, database) {}

  /// Until the first question.
  Program prepare(Place place, unsigned client);
  /// All that a statement, by its place in the transaction, asks of the server.
  Program execute(std::size_t statement);

 private:
  Program make_room(Place place);
  Program meet_buffers(unsigned client);
  /// Has a buffer hold the block; what has to be read and written for that are the next steps.
  Address find_buffer(const DataBlock& block);
  /// The record of the step is in the log up to `end`.
  void entered(const DatabaseStep& step, LogPosition end);
  [[nodiscard]] std::int64_t file_of(const DataBlock& block) const { return files_[block.relation]; }

  Self self_;
  Database& database_;
  LogWriter log_;
  RelationFiles files_{};
  std::vector<std::vector<Address>> code_;  ///< pages, by statement
  std::vector<Address> data_;               ///< pages
  std::deque<DatabaseStep> steps_;          ///< left of the statement
};

Program Backend::prepare(Place place, unsigned client) {
  co_await open_relations(self_, database_, files_);
  co_await make_room(place);
  co_await meet_buffers(client);
}

Program Backend::make_room(Place place) {
  const OsdbCosts& costs = database_.costs;
  const Address heap{static_cast<std::uint32_t>(co_await self_.brk({}))};
  for (const Statement& statement : database_.statements) {
    const auto [first, end] = statement.code;
    const std::uint32_t begin = costs.code_pages * first / 100;
    code_.push_back(
        places_in_pages({place.text.value + begin * page_size}, costs.code_pages * end / 100 - begin));
  }
  data_ = places_in_pages(page_ceiling(heap), costs.data_pages);
  co_await self_.brk({page_ceiling(heap).value + costs.data_pages * page_size});
}

/// What the questions of the fifteen minutes before OSDB counts have long led to: the buffers hold blocks, of
/// which each server reads its share here, and the process has met all of them.
Program Backend::meet_buffers(unsigned client) {
  for (const DataBlock& block : database_.first_blocks(client)) {
    (void)database_.pool.fetch(block);
    co_await self_.lseek(file_of(block), place_of(block));
    co_await self_.read(file_of(block), block_size);
  }
  co_await self_.touch(database_.shared, database_.pool.size() * pages_per_block, Access::write);
  ++database_.ready;
}

Program Backend::execute(std::size_t statement) {
  using enum DatabaseStep::Kind;
  const OsdbCosts& costs = database_.costs;
  SelectSets nothing;
  co_await self_.run_through(code_[statement], costs.programs.code_page_lines);
  co_await self_.touch(data_, Access::write);
  if (statement == 0) co_await self_.gettimeofday();  // of the transaction
  steps_ = database_.steps_for(database_.statements[statement]);
  while (!steps_.empty()) {
    const DatabaseStep step = std::move(steps_.front());
    steps_.pop_front();
    switch (step.kind) {
      case compute:
        co_yield Compute{step.time, &costs.backend_set};
        break;
      case fetch: {
        // A lock that is held is tried again after a while: its holder may have been preempted.
        while (database_.pool_locked) co_await self_.select(0, nothing, spin_lock_back_off);
        database_.pool_locked = true;
        co_yield Compute{costs.pool_lock, &costs.backend_set};
        const Address buffer = find_buffer(step.block);
        database_.pool_locked = false;
        co_await self_.touch(buffer, pages_per_block, Access::write);
        break;
      }
      case read:
        ++database_.block_reads;
        co_await self_.lseek(file_of(step.block), place_of(step.block));
        co_await self_.read(file_of(step.block), block_size);
        break;
      case extend:
        database_.log.begins(step.block);
        [[fallthrough]];
      case write:
        ++database_.block_writes;
        co_await self_.lseek(file_of(step.block), place_of(step.block));
        co_await self_.write(file_of(step.block), block_size);
        break;
      case enter: {
        LogPosition end{};
        co_await log_.enter(step.bytes, step.blocks, end);
        entered(step, end);
        break;
      }
      case flush:
        if (!log_.has_flushed(step.position)) co_await log_.flush(step.position);
        break;
    }
  }
}

Address Backend::find_buffer(const DataBlock& block) {
  using enum DatabaseStep::Kind;
  const BufferPool::Fetched fetched = database_.pool.fetch(block);
  if (!fetched.hit) steps_.push_front({.kind = read, .block = block});
  if (fetched.victim) {
    steps_.push_front({.kind = write, .block = fetched.victim->block});
    steps_.push_front({.kind = flush, .position = fetched.victim->change});
  }
  return {database_.shared.value + fetched.buffer * static_cast<std::uint32_t>(block_size)};
}

void Backend::entered(const DatabaseStep& step, LogPosition end) {
  for (const DataBlock& block : step.blocks) database_.pool.changed(block, end);
  if (step.blocks.empty()) {
    steps_.push_front({.kind = DatabaseStep::Kind::flush, .position = end});
  } else {
    database_.pool.changed(step.block, {});  // of a hash index, which is not logged
  }
}

/// mdsync of PostgreSQL's md.c: sync, as it may, only begins to write.
Program sync_twice(Self self) {
  co_await self.sync();
  co_yield Sleep{2s};
  co_await self.sync();
}

}  // namespace

Program serve(Self self, Place place, Database& database, unsigned client, std::int64_t connection) {
  Backend backend(self, database);
  co_await backend.prepare(place, client);
  while (co_await self.unix_receive(connection, message_room) > 0) {
    const std::size_t asked = database.next_statement[client];
    co_await backend.execute(asked);
    co_await self.unix_send(connection, database.statements[asked].answer);
  }
}

Program make_checkpoints(Self self, Database& database) {
  RelationFiles files{};
  co_await open_relations(self, database, files);
  LogWriter log(self, database);
  const std::vector<SemaphoreOperation> wait{{database.checkpoint_semaphore(), -1}};
  const std::vector<DataBlock> none;
  for (;;) {
    co_await self.semop(database.semaphores, wait);
    database.log.checkpoint();
    for (const BufferPool::Victim& changed : database.pool.clean()) {
      if (!log.has_flushed(changed.change)) co_await log.flush(changed.change);
      ++database.block_writes;
      const std::int64_t file = files[changed.block.relation];
      co_await self.lseek(file, place_of(changed.block));
      co_await self.write(file, block_size);
    }
    co_await sync_twice(self);
    LogPosition end{};
    co_await log.enter(Database::commit_bytes, none, end);  // its record is as long as a commit's
    co_await log.flush(end);
    if (database.log.nearly_full()) co_await log.make_segment();
    for (std::uint32_t old = 0; database.log.remove(old);) {
      const std::string name = database.log_path(old);
      co_await self.unlink(name);
    }
    database.checkpoint_asked = false;
    ++database.checkpoints;
  }
}

}  // namespace xensim
