/// Parent and children of the pool.
#include "workloads/web/web_server.hpp"

#include <algorithm>

#include "models/cpu/calibration_section.hpp"
#include "models/guest/memory/area.hpp"

namespace xensim {
namespace {

constexpr std::size_t request_room = 4096;
constexpr std::int64_t interrupted = -static_cast<std::int64_t>(CallError::interrupted);

std::vector<SemaphoreOperation> change(int by) { return {{0, by}}; }

std::uint32_t whole(const WorkloadContext& context, const char* name) {
  return CalibrationSection(context.calibration, "workload_intensities.web_").whole(name);
}

}  // namespace

WebCosts::WebCosts(const WorkloadContext& context)
    : programs(context.calibration),
      set(WorkingSet::constant(whole(context, "lines"), context.costs.miss_price, 0)
              .with_code(programs.code_lines)),
      code_pages(whole(context, "code_pages")),
      data_pages(whole(context, "data_pages")) {
  // Dynamic requests build a page, an advertisement is looked for, a form is read.
  constexpr std::array<double, web_request_kinds> relative{1, 1.5, 1.8, 1.5, 1.2};
  double mean = 0;
  for (std::size_t i = 0; i < web_request_kinds; ++i) mean += WebShares::kinds[i] * relative[i];
  CycleClock clock(context.shape.clock);
  for (std::size_t i = 0; i < web_request_kinds; ++i) {
    const double cycles = whole(context, "user") * relative[i] / mean;
    user[i] = clock.convert({static_cast<std::int64_t>(cycles)});
  }
}

Program run_web_server(Self self, Place place, WebServer& server) {
  constexpr std::uint32_t backlog = 511;  // of which the kernel grants 128
  // A client that is too slow is given up.
  co_await self.sigaction(signal_number::alarm, {.kind = SignalAction::Kind::handler});
  server.listener = co_await self.socket();
  const SocketAddress here{.ip = {}, .port = server.options.port};
  co_await self.bind(server.listener, here);
  co_await self.listen(server.listener, backlog);
  server.semaphore = co_await self.semget(1);
  co_await self.semctl(server.semaphore, 0, 1);
  const Self::Body child = [place, &server](Self born) { return serve_web_clients(born, place, server); };
  for (std::int64_t i = 0; i < server.options.processes; ++i) {
    ++server.processes;
    co_await self.fork(child);
  }
  // Once a second, perform_idle_server_maintenance: one more than last time, up to 32, if too few are idle.
  constexpr std::int64_t least_idle = 5, most_at_once = 32;
  std::int64_t at_once = 1;
  for (;;) {
    co_yield Sleep{1s};
    if (server.idle >= least_idle) {
      at_once = 1;
      continue;
    }
    const std::int64_t room = server.options.most_processes - server.processes;
    for (std::int64_t i = 0; i < std::min(at_once, room); ++i) {
      ++server.processes;
      if (co_await self.fork(child) < 0) --server.processes;
    }
    at_once = std::min(2 * at_once, most_at_once);
  }
}

Program serve_web_clients(Self self, Place place, WebServer& server) {
  const WebCosts& costs = server.costs;
  const bool by_semaphore = server.options.lock == AcceptLock::semaphore;
  const bool by_file = server.options.lock == AcceptLock::file;
  const std::vector<SemaphoreOperation> down = change(-1), up = change(1);
  const Address heap{static_cast<std::uint32_t>(co_await self.brk({}))};
  co_await self.brk({page_ceiling(heap).value + costs.data_pages * page_size});
  const std::vector<Address> code = places_in_pages(place.text, costs.code_pages);
  std::vector<Address> data = places_in_pages(page_ceiling(heap), costs.data_pages);
  data.push_back(place.stack);
  const std::string lock_path = server.file("accept.lock"), log_path = server.file("access_log");
  const OpenMode appending{.append = true};
  const std::int64_t log = co_await self.open(log_path, appending);
  const std::int64_t lock_file = by_file ? co_await self.open(lock_path) : -1;

  for (;;) {
    ++server.idle;
    // An alarm that the last client has left interrupts them; they are called again then.
    for (bool waits = by_semaphore; waits;)
      waits = co_await self.semop(server.semaphore, down) == interrupted;
    for (bool waits = by_file; waits;) waits = co_await self.lock(lock_file, 0, 1) == interrupted;
    const std::int64_t socket = co_await self.accept(server.listener);
    if (by_file) co_await self.unlock(lock_file, 0, 1);
    if (by_semaphore) co_await self.semop(server.semaphore, up);
    --server.idle;
    if (socket < 0) continue;
    ++server.connections;
    const auto descriptor = static_cast<unsigned>(socket);
    co_await self.sigaction(signal_number::user1, {});
    SocketAddress here;
    co_await self.getsockname(socket, here);
    co_await self.set_option(socket, SocketOption::no_delay, 1);

    bool failed = false, goes_on = true;
    while (goes_on) {
      // A request is there already or the client has so much time: alarm, select, read.
      SelectSets sets;
      sets.read.set(descriptor);
      if (co_await self.select(descriptor + 1, sets, server.options.keep_alive) <= 0) {
        ++server.timeouts;
        break;
      }
      const std::int64_t count = co_await self.read(socket, request_room);
      if (count <= 0) break;
      co_await self.run_through(code, costs.programs.code_page_lines);
      co_await self.touch(data, Access::write);
      const auto request = WebRequest::of_length(static_cast<std::uint64_t>(count));
      if (!request) {
        ++server.bad;
        break;
      }
      Program answer = answer_web_request(self, server, socket, *request, log, failed);
      while (answer.advance()) co_yield answer.operation();
      if (failed) ++server.broken;
      if (!failed) ++server.requests;
      goes_on = !failed && !request->last;
    }
    // Lingering close: what the client still sends is read, for two seconds at most.
    co_await self.shutdown(socket);
    for (bool open = !failed; open;) {
      SelectSets sets;
      sets.read.set(descriptor);
      if (co_await self.select(descriptor + 1, sets, server.options.linger) <= 0) break;
      open = co_await self.read(socket, request_room) > 0;
    }
    co_await self.close(socket);
  }
}

}  // namespace xensim
