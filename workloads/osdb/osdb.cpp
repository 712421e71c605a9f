/// OSDB's multi-user tests on PostgreSQL 7.1: clients that ask their servers over Unix sockets, without a
/// pause.
///
/// What is modelled: processes, messages, shared buffers in shared memory with reads of what is not there
/// from the page cache, the log with its lock, checkpoints. What is left out: the rows' contents, versions
/// of rows that are dead, checkpoints by time (by the length of the log they come first), locks on rows, the
/// lseeks that ask for a relation's length.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "workloads/instances.hpp"
#include "workloads/osdb/database.hpp"
#include "workloads/set_up.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic score{"score", "tuples/s", summary,
                      "transactions per second, over the report factor; of several instances, the sum once "
                      "all have counted"};
const Statistic transactions{"transactions", "1/s", summary,
                             "transactions per second; of several instances, the sum"};
const Statistic completed_ones{"completed", "transactions", counter, "transactions completed"};
const Statistic reads{"block_reads", "1", summary, "blocks read into shared buffers, for a transaction"};
const Statistic writes{"block_writes", "1", summary, "changed blocks written, for a transaction"};
const Statistic flushes{"log_flushes", "1", summary, "times the log went to the disk, for a transaction"};
const Statistic checkpoints{"checkpoints", "checkpoints", summary, "since the beginning"};

struct OsdbParameters {
  std::int64_t users = 10, buffers = 64;
  Time run_in = 500ms, counted = 10s;
  std::int64_t report_factor = 1;
};
struct RetrievalParameters : OsdbParameters {
  RetrievalParameters() { report_factor = 10; }
};

template <class Parameters>
ParameterTable<Parameters> osdb_parameters() {
  return ParameterTable<Parameters>{}
      .add("users", static_cast<std::int64_t Parameters::*>(&Parameters::users), "clients",
           "OSDB: logical size in MB over 4", {.minimum = 1, .maximum = 100})
      .add("buffers", static_cast<std::int64_t Parameters::*>(&Parameters::buffers),
           "of 8 KB that the server processes share", "PostgreSQL 7.1's default",
           {.minimum = 16, .maximum = 3900})
      .add("run_in", static_cast<Time Parameters::*>(&Parameters::run_in), "that is not counted",
           "choice, from when all servers have the buffers in their page tables, and the buffers the table: "
           "OSDB's 15 minutes lead to a steady state, which but for dead rows is here soon",
           {.minimum = 0s})
      .add("counted", static_cast<Time Parameters::*>(&Parameters::counted), "after which the clients end",
           "choice: OSDB counts five minutes", {.minimum = 1ms})
      .add("report_factor", static_cast<std::int64_t Parameters::*>(&Parameters::report_factor),
           "transactions for each tuple that is reported",
           "OSDB-IR's 14 million cycles for one row are ten times too many, unless one of ten users is "
           "counted",
           {.minimum = 1, .maximum = 100});
}

template <OsdbTest test, class Parameters>
class Osdb final : public Workload {
 public:
  Osdb(const Parameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(test, context), explains_(context.explain) {}

  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    Instance& added =
        *instances_.add(instance, std::make_unique<Instance>(costs_, random, instance, parameters_));
    added.explains = explains_;
    std::vector<Program> all;
    all.push_back(start(added, instance));
    return all;
  }

  /// What was counted is of all instances, of those that have ended too. A rate is of those that have begun
  /// last.
  void report(StatisticSink& sink, const std::string& prefix) const override {
    double count = 0, read = 0, written = 0, flushed = 0, made = 0;
    for (const auto& instance : instances_.all()) {
      const Database& database = instance->database;
      count += static_cast<double>(instance->all);
      read += static_cast<double>(database.block_reads);
      written += static_cast<double>(database.block_writes);
      flushed += static_cast<double>(database.flushes);
      made += static_cast<double>(database.checkpoints);
    }
    sink.value(prefix, completed_ones, count);
    if (count == 0) return;
    const auto factor = static_cast<double>(parameters_.report_factor);
    const auto& latest = instances_.latest();
    double rate = 0;
    bool all_counted = true;
    for (const auto& [number, instance] : latest) {
      rate += (*instance)->rate().value_or(0);
      all_counted &= (*instance)->rate().has_value();
    }
    if (all_counted) {
      sink.value(prefix, score, rate / factor);
      sink.value(prefix, transactions, rate);
    }
    sink.value(prefix, reads, read / count);
    sink.value(prefix, writes, written / count);
    sink.value(prefix, flushes, flushed / count);
    sink.value(prefix, checkpoints, made);
    for (const auto& [number, instance] : latest) {
      const std::optional<double> own = (*instance)->rate();
      if (own && latest.size() > 1) sink.value(fmt::format("{}{}/", prefix, number), score, *own / factor);
    }
    if (explains_ && instances_.only() != nullptr)
      (*instances_.only())->explain(sink, prefix);  // kernels count all
  }

 private:
  struct Instance {
    Instance(const OsdbCosts& costs, const RandomStream& random, std::uint32_t number,
             const OsdbParameters& p)
        : database(test, costs, random, number,
                   {static_cast<std::uint32_t>(p.users), static_cast<std::uint32_t>(p.buffers)}),
          run_in(p.run_in),
          end(p.run_in + p.counted) {}

    /// Transactions per second, once two were counted.
    [[nodiscard]] std::optional<double> rate() const {
      if (counted < 2) return std::nullopt;
      return static_cast<double>(counted - 1) / to_seconds(last - first);
    }
    /// False: it is over.
    [[nodiscard]] bool completed(Time now) {
      ++all;
      if (now - *begin < run_in) return true;
      if (counted++ == 0) first = now;
      last = now;
      return now - *begin < end;
    }

    /// What all processes did for a transaction.
    void explain(StatisticSink& sink, const std::string& prefix) const {
      if (readings.size() < 2) return;
      const OperationCounts counts = readings.back() - readings.front();
      for (std::size_t i = 0; i < operation_count_kinds; ++i) {
        const auto what = static_cast<OperationCount>(i);
        sink.value(prefix, statistic_of(what),
                   static_cast<double>(counts[what]) / static_cast<double>(all_at_last - all_at_first));
      }
    }

    Database database;
    std::vector<unsigned> arrivals;  ///< clients, as they connected
    bool explains = false;
    std::vector<OperationCounts> readings;  ///< when the first client has completed one
    std::int64_t all_at_first = 0, all_at_last = 0;
    Time run_in, end;           ///< since the first client asked
    std::optional<Time> begin;  ///< then
    Time first{}, last{};
    std::int64_t all = 0, counted = 0;  ///< transactions
  };

  static Program start(Instance& instance, std::uint32_t number) {
    const Database& database = instance.database;
    std::vector<std::pair<std::string, Bytes>> files;
    for (std::size_t i = 0; i < Database::relations.size(); ++i) {
      const std::int64_t blocks = Database::relations[i].blocks;
      files.emplace_back(database.relation_path(i), Bytes{blocks * std::int64_t{Database::block_bytes}});
    }
    for (std::uint32_t i = 0; !database.log.lacks(i); ++i) {
      files.emplace_back(database.log_path(i), Bytes{std::int64_t{WriteAheadLog::segment_bytes}});
    }
    Bytes needed;
    for (const auto& [path, size] : files) needed.count += size.count;
    constexpr std::string_view name = test == OsdbTest::retrieval ? "osdb_ir" : "osdb_oltp";
    for (const auto& [path, size] : files) {
      check_set_up(co_await Self{}.existing_file(path, size), name, number, needed);
    }
    const ProgramImage image{.path = "/usr/bin/postmaster", .text = 380, .data = 24, .bss = 30};
    const ImageUse use{.text = 120, .data = 16, .bss = 12, .libc_text = 80, .small_libraries = 2};
    const LoadedBody main = [&instance](Self self, const Place& place) {
      return serve_all(self, place, instance);
    };
    const Self::Body body = dynamic_loader(image, use, instance.database.costs.programs, main);
    co_await Self{}.exec(image, body);
  }

  /// The postmaster: prepares what all servers share, starts the clients, and a server for each that
  /// connects.
  static Program serve_all(Self self, Place place, Instance& instance) {
    Database& database = instance.database;
    const auto users = static_cast<unsigned>(database.next_statement.size());
    constexpr std::uint32_t other_shared = 512 << 10;  // lock tables, log buffers
    const std::int64_t segment = co_await self.shmget(
        database.pool.size() * static_cast<std::uint32_t>(Database::block_bytes) + other_shared);
    database.shared = {static_cast<std::uint32_t>(co_await self.shmat(segment))};
    database.semaphores = co_await self.semget(users + 1);
    const std::int64_t socket = co_await self.unix_socket();
    const std::string path = database.socket_path();
    check_own(co_await self.unix_bind(socket, path), "osdb", path);
    co_await self.unix_listen(socket, users);
    const Self::Body checkpoints_body = [&database](Self born) { return make_checkpoints(born, database); };
    co_await self.fork(checkpoints_body);
    const Self::Body harness = [&instance](Self born) { return start_clients(born, instance); };
    co_await self.fork(harness);
    for (unsigned i = 0; i < users; ++i) {
      const std::int64_t connection = co_await self.unix_accept(socket);
      const unsigned client = instance.arrivals[i];
      const Self::Body server = [place, &database, client, connection](Self born) {
        return serve(born, place, database, client, connection);
      };
      co_await self.fork(server);
      co_await self.close(connection);
    }
    while (co_await self.wait_for_good() > 0) {
    }
  }

  static Program start_clients(Self self, Instance& instance) {
    const ProgramImage image{.path = "/usr/bin/osdb", .text = 60, .data = 4, .bss = 10};
    const ImageUse use{.text = 30, .data = 4, .bss = 6, .libc_text = 60};
    const LoadedBody main = [&instance](Self same, const Place& place) {
      return run_clients(same, place, instance);
    };
    const Self::Body body = dynamic_loader(image, use, instance.database.costs.programs, main);
    co_await self.exec(image, body);
  }

  static Program run_clients(Self self, Place place, Instance& instance) {
    const auto users = static_cast<unsigned>(instance.database.next_statement.size());
    for (unsigned i = 0; i < users; ++i) {
      const Self::Body body = [place, &instance, i](Self born) { return ask(born, place, instance, i); };
      co_await self.fork(body);
    }
    while (co_await self.wait() > 0) {
    }
  }

  static Program ask(Self self, Place place, Instance& instance, unsigned number) {
    Database& database = instance.database;
    const OsdbCosts& costs = database.costs;
    const auto count = static_cast<std::int64_t>(database.statements.size());
    const std::vector<Address> code{place.text, place.libc_text}, data{place.stack, place.data, place.bss};
    const std::int64_t socket = co_await self.unix_socket();
    instance.arrivals.push_back(number);  // connections are accepted in the order they were made
    const std::string path = database.socket_path();
    co_await self.unix_connect(socket, path);
    const auto descriptor = static_cast<unsigned>(socket);
    SelectSets nothing;
    // Nobody asks before all is as OSDB finds it when it begins to count.
    while (!database.all_ready()) co_await self.select(0, nothing, 1ms);
    const Time now{co_await self.clock()};
    instance.begin = instance.begin.value_or(now);
    const bool observes = instance.explains && number == 0;
    if (observes) co_await self.observe(instance.readings);
    do {
      for (std::int64_t i = 0; i < count; ++i) {
        const auto which = static_cast<std::size_t>(i);
        co_await self.run_through(code, costs.programs.code_page_lines);
        co_await self.touch(data, Access::write);
        co_yield Compute{costs.client / count, &costs.client_set};
        database.next_statement[number] = which;
        co_await self.unix_send(socket, database.statements[which].question);
        SelectSets sets;
        sets.read.set(descriptor);
        co_await self.select(descriptor + 1, sets, never);
        co_await self.unix_receive(socket, 8192);
      }
      if (observes) instance.all_at_last = instance.all;
      if (observes && instance.readings.empty()) instance.all_at_first = instance.all;
    } while (instance.completed(Time{co_await self.clock()}));
  }

  Parameters parameters_;
  OsdbCosts costs_;
  bool explains_;
  Instances<std::unique_ptr<Instance>> instances_;
};

template <OsdbTest test, class Parameters>
using Variant = RegisterWorkload<Osdb<test, Parameters>, Parameters>;

const Variant<OsdbTest::retrieval, RetrievalParameters> a{
    "osdb_ir", "OSDB, information retrieval: one row by key, through a cursor",
    osdb_parameters<RetrievalParameters>()};
const Variant<OsdbTest::transaction, OsdbParameters> b{
    "osdb_oltp", "OSDB, transactions: one row by key updated", osdb_parameters<OsdbParameters>()};

}  // namespace
}  // namespace xensim
