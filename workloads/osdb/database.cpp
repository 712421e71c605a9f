#include "workloads/osdb/database.hpp"

#include <fmt/format.h>

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t heap = 0, key_index = 1, int_index = 2, code_index = 3;

DatabaseStep fetch(DataBlock block) { return {.kind = DatabaseStep::Kind::fetch, .block = block}; }
DatabaseStep compute(Time time) { return {.kind = DatabaseStep::Kind::compute, .time = time}; }

std::uint32_t whole(const WorkloadContext& context, const char* name) {
  return CalibrationSection(context.calibration, "workload_intensities.osdb_").whole(name);
}

}  // namespace

const std::vector<Statement>& statements_of(OsdbTest test) {
  using enum Statement::Kind;
  // Lines of code and constant data that valgrind's lackey counts in PostgreSQL 15.20 on x86-64 between two
  // calls of pg_parse_query: 604, 2944, 1726, 878 and 870, 3830 in all; 603, 3912 and 1071, 4640 in all.
  // begin; declare a cursor; fetch 1; close; commit
  static const std::vector<Statement> retrieval{{trivial, 6, 12, 2, {0, 16}},
                                                {trivial, 130, 14, 12, {0, 77}},
                                                {read, 20, 230, 10, {55, 100}},
                                                {trivial, 14, 12, 3, {0, 23}},
                                                {commit_read, 7, 13, 3, {0, 23}}};
  // begin; update; commit
  static const std::vector<Statement> transaction{
      {trivial, 6, 12, 2, {0, 16}}, {update, 80, 14, 24, {0, 102}}, {commit_update, 7, 13, 4, {93, 121}}};
  return test == OsdbTest::retrieval ? retrieval : transaction;
}

OsdbCosts::OsdbCosts(OsdbTest test, const WorkloadContext& context)
    : programs(context.calibration),
      client_set(WorkingSet::constant(whole(context, "client_lines"), context.costs.miss_price, 0)),
      backend_set(WorkingSet::constant(whole(context, "backend_lines"), context.costs.miss_price, 0)
                      .with_code(programs.code_lines)),
      code_pages(whole(context, "code_pages")),
      data_pages(whole(context, "data_pages")) {
  const double user = whole(context, test == OsdbTest::retrieval ? "ir_user" : "oltp_user");
  const double clients = user * context.calibration.value("workload_intensities.osdb_client_share");
  CycleClock clock(context.shape.clock);
  client = clock.convert({static_cast<std::int64_t>(clients)});
  backend = clock.convert({static_cast<std::int64_t>(user - clients)});
  pool_lock = clock.convert({whole(context, "pool_lock")});
}

std::string Database::relation_path(std::size_t relation) const {
  return fmt::format("/usr/tmp/pgsql{}/base/{}", number_, relations[relation].name);
}
std::string Database::log_path(std::uint32_t segment) const {
  return fmt::format("/usr/tmp/pgsql{}/pg_xlog/{:016X}", number_, segment);
}
std::string Database::socket_path() const { return fmt::format("/usr/tmp/.s.PGSQL.{}", 5432 + number_); }

Database::Database(OsdbTest test, const OsdbCosts& its_costs, const RandomStream& random,
                   std::uint32_t number, const Size& size)
    : costs(its_costs),
      pool(size.buffers),
      statements(statements_of(test)),
      next_statement(size.clients),
      random_(random),
      number_(number),
      block_of_row_(rows) {
  for (const Statement& statement : statements) weights_ += statement.weight;
  for (std::uint32_t row = 0; row < rows; ++row) block_of_row_[row] = row / rows_per_block;
  if (test == OsdbTest::transaction) pass_transactions();
}

void Database::pass_transactions() {
  constexpr std::uint32_t between_checkpoints = 25000;
  for (auto left = random_.below(between_checkpoints); left > 0; --left) {
    const std::uint32_t row = random_row(), other = random_row();
    log.enter(record_bytes, {{heap, block_of_row_[row]}, leaf(key_index, row), leaf(int_index, other)});
    log.enter(commit_bytes, {});
    if (log.checkpoint_due()) log.checkpoint();
  }
  log.written(log.entered());
  log.flushed(log.entered());
  while (log.lacks(static_cast<std::uint32_t>(log.entered() / WriteAheadLog::segment_bytes))) {
    (void)log.make();
  }
}

std::vector<DataBlock> Database::first_blocks(unsigned client) const {
  std::vector<DataBlock> share;
  std::uint32_t number = 0;
  for (std::uint32_t relation = 0; relation < relations.size(); ++relation) {
    for (std::uint32_t block = 0; block < relations[relation].blocks; ++block, ++number) {
      if (number == pool.size()) return share;
      if (number % next_statement.size() == client) share.push_back({relation, block});
    }
  }
  return share;
}

DataBlock Database::leaf(std::uint32_t relation, std::uint32_t row) {
  // A hash index has its buckets behind one block; the others their leaves behind root, meta and inner ones.
  if (relation == code_index) return {relation, 1 + row % (relations[code_index].blocks - 2)};
  const std::uint32_t leaves = relations[relation].blocks - 4;
  return {relation, 4 + static_cast<std::uint32_t>(std::uint64_t{row} * leaves / rows)};
}

void Database::descend(std::uint32_t relation, std::uint32_t row, std::deque<DatabaseStep>& steps) const {
  const DataBlock last = leaf(relation, row);
  steps.push_back(fetch({relation, 0}));
  if (relation != code_index) {
    steps.push_back(fetch({relation, 1}));
    steps.push_back(fetch({relation, 2 + last.number % 2}));
  }
  steps.push_back(fetch(last));
}

std::deque<DatabaseStep> Database::steps_for(const Statement& wanted) {
  using enum Statement::Kind;
  const Time time = costs.backend * wanted.weight / weights_;
  std::deque<DatabaseStep> steps;
  steps.push_back(compute(time / 2));
  if (wanted.kind == read || wanted.kind == update) {
    const std::uint32_t row = random_row();
    descend(key_index, row, steps);
    steps.push_back(fetch({heap, block_of_row_[row]}));
    if (wanted.kind == update) {
      const DataBlock old{heap, block_of_row_[row]};
      const auto added = static_cast<std::uint32_t>(versions_++ / rows_per_block);
      const DataBlock current{heap, relations[heap].blocks + added};
      block_of_row_[row] = current.number;
      if (versions_ % rows_per_block == 1) {
        steps.push_back({.kind = DatabaseStep::Kind::extend, .block = current});
      }
      steps.push_back(fetch(current));
      const std::uint32_t other = random_row();
      descend(int_index, other, steps);
      descend(code_index, row, steps);
      steps.push_back({.kind = DatabaseStep::Kind::enter,
                       .block = leaf(code_index, row),
                       .blocks = {old, current, leaf(key_index, row), leaf(int_index, other)},
                       .bytes = record_bytes});
    }
  }
  if (wanted.kind == commit_update) {
    steps.push_back({.kind = DatabaseStep::Kind::enter, .bytes = commit_bytes});
  }
  steps.push_back(compute(time - time / 2));
  return steps;
}

}  // namespace xensim
