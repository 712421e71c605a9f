/// What the processes of a database share, and what they have to do for a statement.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "models/memory/working_set.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/osdb/buffer_pool.hpp"
#include "workloads/osdb/write_ahead_log.hpp"
#include "workloads/workload.hpp"

namespace xensim {

enum class OsdbTest : std::uint8_t {
  retrieval,    ///< IR: one row by a cursor
  transaction,  ///< OLTP: one row updated
};

/// The part of the server's code that a statement runs through, in hundredths of what a retrieval does in
/// all.
struct CodePart {
  std::uint32_t first = 0, end = 0;
};

/// The statements of a transaction: one message to the backend and one back.
struct Statement {
  enum class Kind : std::uint8_t { trivial, read, update, commit_read, commit_update };
  Kind kind = Kind::trivial;
  std::uint32_t question = 0, answer = 0;  ///< bytes
  std::int64_t weight = 0;                 ///< its share of the backend's time
  CodePart code{};
};
[[nodiscard]] const std::vector<Statement>& statements_of(OsdbTest test);

/// Constants of section workload_intensities.
struct OsdbCosts {
  OsdbCosts(OsdbTest test, const WorkloadContext& context);

  ProgramCosts programs;
  Time client{}, backend{};  ///< of a transaction, with warm caches
  Time pool_lock{};          ///< that a search among the buffers holds their spin lock
  WorkingSet client_set, backend_set;
  std::uint32_t code_pages = 0, data_pages = 0;
};

/// What a backend does next.
struct DatabaseStep {
  enum class Kind : std::uint8_t {
    compute,
    fetch,   ///< a block is looked for among the buffers
    read,    ///< it is read
    write,   ///< a changed block is written to its file
    extend,  ///< a new block at the end of a relation
    enter,   ///< a record of `bytes` into the log, about `blocks`; about none: a commit. `block` changes too
    flush,   ///< the log onto the disk up to `position`
  };
  Kind kind = Kind::compute;
  Time time{};
  DataBlock block{};
  std::vector<DataBlock> blocks{};
  std::uint64_t bytes = 0;
  LogPosition position = 0;
};

/// OSDB's table "updates" with 100,000 rows, as its default of 40 MB has it, its three indexes, shared
/// buffers and log, somewhere between two checkpoints. Dead versions of rows are never visited and never
/// removed.
class Database {
 public:
  static constexpr std::uint64_t block_bytes = 8192;
  static constexpr std::uint32_t rows = 100000, rows_per_block = 42;
  struct Relation {
    const char* name;
    std::uint32_t blocks;
  };
  static constexpr std::array<Relation, 4> relations{Relation{"updates", 2400}, Relation{"updates_key", 354},
                                                     Relation{"updates_int", 354},
                                                     Relation{"updates_code", 514}};

  struct Size {
    std::uint32_t clients = 10, buffers = 64;
  };
  /// `number` tells the databases of one kernel apart: each has its own directory.
  Database(OsdbTest test, const OsdbCosts& costs, const RandomStream& random, std::uint32_t number,
           const Size& size);

  [[nodiscard]] std::string relation_path(std::size_t relation) const;
  [[nodiscard]] std::string log_path(std::uint32_t segment) const;
  [[nodiscard]] std::string socket_path() const;

  /// Of a backend that got the statement: reads with their buffers, changes, computation between them.
  [[nodiscard]] std::deque<DatabaseStep> steps_for(const Statement& wanted);
  /// The record that a transaction enters when it commits, and that of its changes before.
  static constexpr std::uint64_t record_bytes = 640, commit_bytes = 60;

  /// The blocks that the buffers begin with, as many as they hold: the share of a client's server.
  [[nodiscard]] std::vector<DataBlock> first_blocks(unsigned client) const;
  [[nodiscard]] unsigned checkpoint_semaphore() const { return static_cast<unsigned>(next_statement.size()); }
  /// All servers have met their buffers.
  [[nodiscard]] bool all_ready() const { return ready == next_statement.size(); }

  const OsdbCosts& costs;
  BufferPool pool;
  WriteAheadLog log;
  const std::vector<Statement>& statements;
  std::vector<std::size_t> next_statement;  ///< of each client, the last that it sent
  std::int64_t semaphores = -1;             ///< one for each backend, and the last one for checkpoints
  Address shared{};                         ///< the segment with the buffers
  bool pool_locked = false, checkpoint_asked = false;
  std::size_t ready = 0;  ///< servers

  // Counted.
  std::uint64_t block_reads = 0, block_writes = 0, flushes = 0, checkpoints = 0;

 private:
  [[nodiscard]] std::uint32_t random_row() { return static_cast<std::uint32_t>(random_.below(rows)); }
  void descend(std::uint32_t relation, std::uint32_t row, std::deque<DatabaseStep>& steps) const;
  /// The log as it is after so many transactions of a random number.
  void pass_transactions();
  [[nodiscard]] static DataBlock leaf(std::uint32_t relation, std::uint32_t row);

  RandomStream random_;
  std::uint32_t number_;
  std::int64_t weights_ = 0;  ///< of all statements
  std::vector<std::uint32_t> block_of_row_;
  std::uint64_t versions_ = 0;  ///< of rows, that updates have added
};

/// The main program of a server process for a client, and that of the one that makes checkpoints.
[[nodiscard]] Program serve(Self self, Place place, Database& database, unsigned client,
                            std::int64_t connection);
[[nodiscard]] Program make_checkpoints(Self self, Database& database);

}  // namespace xensim
