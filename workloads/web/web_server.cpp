/// Parent and children of the pool.
#include "workloads/web/web_server.hpp"

#include <algorithm>

#include "models/cpu/calibration_section.hpp"
#include "models/guest/memory/area.hpp"
#include "workloads/set_up.hpp"

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
  check_own(co_await self.listen(server.listener, backlog), "web99", port_name(here.port));
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

namespace {

/// A child of the pool.
class WebChild {
 public:
  WebChild(Self self, WebServer& server) : self_(self), server_(server) {}

  Program prepare(Place place);
  /// Waits for its turn and then for a client. `socket` is negative if accept failed.
  Program accept(std::int64_t& socket);
  /// Answers requests until the client or the server has had enough, and closes the connection.
  Program converse(std::int64_t socket);

 private:
  Program answer_requests(std::int64_t socket, bool& failed);
  /// Lingering close: reads what the client still sends, until it has been silent for `linger`.
  Program read_the_rest(std::int64_t socket);

  Self self_;
  WebServer& server_;
  bool by_semaphore_ = server_.options.lock == AcceptLock::semaphore;
  bool by_file_ = server_.options.lock == AcceptLock::file;
  std::vector<Address> code_, data_;  ///< pages
  std::int64_t log_ = -1, lock_file_ = -1;
};

Program WebChild::prepare(Place place) {
  const WebCosts& costs = server_.costs;
  const Address heap{static_cast<std::uint32_t>(co_await self_.brk({}))};
  co_await self_.brk({page_ceiling(heap).value + costs.data_pages * page_size});
  code_ = places_in_pages(place.text, costs.code_pages);
  data_ = places_in_pages(page_ceiling(heap), costs.data_pages);
  data_.push_back(place.stack);
  const std::string lock_path = server_.file("accept.lock"), log_path = server_.file("access_log");
  const OpenMode appending{.append = true};
  log_ = co_await self_.open(log_path, appending);
  if (by_file_) lock_file_ = co_await self_.open(lock_path);
}

Program WebChild::accept(std::int64_t& socket) {
  const std::vector<SemaphoreOperation> down = change(-1), up = change(1);
  ++server_.idle;
  // An alarm that the last client has left interrupts them; they are called again then.
  for (bool waits = by_semaphore_; waits;) {
    waits = co_await self_.semop(server_.semaphore, down) == interrupted;
  }
  for (bool waits = by_file_; waits;) waits = co_await self_.lock(lock_file_, 0, 1) == interrupted;
  socket = co_await self_.accept(server_.listener);
  if (by_file_) co_await self_.unlock(lock_file_, 0, 1);
  if (by_semaphore_) co_await self_.semop(server_.semaphore, up);
  --server_.idle;
}

Program WebChild::converse(std::int64_t socket) {
  ++server_.connections;
  co_await self_.sigaction(signal_number::user1, {});
  SocketAddress here;
  co_await self_.getsockname(socket, here);
  co_await self_.set_option(socket, SocketOption::no_delay, 1);
  bool failed = false;
  co_await answer_requests(socket, failed);
  co_await self_.shutdown(socket);
  if (!failed) co_await read_the_rest(socket);
  co_await self_.close(socket);
}

Program WebChild::answer_requests(std::int64_t socket, bool& failed) {
  const auto descriptor = static_cast<unsigned>(socket);
  for (bool last = false; !last;) {
    // A request is there already or the client has so much time: alarm, select, read.
    SelectSets sets;
    sets.read.set(descriptor);
    if (co_await self_.select(descriptor + 1, sets, server_.options.keep_alive) <= 0) {
      ++server_.timeouts;
      break;
    }
    const std::int64_t count = co_await self_.read(socket, request_room);
    if (count <= 0) break;
    co_await self_.run_through(code_, server_.costs.programs.code_page_lines);
    co_await self_.touch(data_, Access::write);
    const auto request = WebRequest::of_length(static_cast<std::uint64_t>(count));
    if (!request) {
      ++server_.bad;
      break;
    }
    co_await answer_web_request(self_, server_, socket, *request, log_, failed);
    ++(failed ? server_.broken : server_.requests);
    last = failed || request->last;
  }
}

Program WebChild::read_the_rest(std::int64_t socket) {
  const auto descriptor = static_cast<unsigned>(socket);
  for (bool open = true; open;) {
    SelectSets sets;
    sets.read.set(descriptor);
    if (co_await self_.select(descriptor + 1, sets, server_.options.linger) <= 0) break;
    open = co_await self_.read(socket, request_room) > 0;
  }
}

}  // namespace

Program serve_web_clients(Self self, Place place, WebServer& server) {
  WebChild child(self, server);
  co_await child.prepare(place);
  for (;;) {
    std::int64_t socket = -1;
    co_await child.accept(socket);
    if (socket >= 0) co_await child.converse(socket);
  }
}

}  // namespace xensim
