/// A web server under SPECweb99's load: Apache 1.3.27 with its pool of processes, and the file set.
///
/// What is modelled: every process, page fault and segment; the system calls of a trace of Apache 1.3 on
/// Linux (Dean Gaudet, Apache Performance Notes), and its alarms; files mapped from the page cache or read
/// from the disk; logs; the CGI program of one request in 667. What is left out: contents of requests (their
/// lengths stand for them), reading of .htaccess files, children that are told to go when too many are idle.
/// The server has run for long when the clients come: its files are in the page cache, those asked for most
/// first, as far as memory goes.
#include <fmt/format.h>

#include <memory>

#include "workloads/instances.hpp"
#include "workloads/set_up.hpp"
#include "workloads/web/web_server.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic requests{"web_requests", "requests", summary, "answered since the beginning"};
const Statistic accepted{"web_connections", "connections", summary, "accepted since the beginning"};
const Statistic broken{"web_broken", "connections", summary,
                       "that the client left before it had its answer, since the beginning"};
const Statistic kept_too_long{"web_timeouts", "connections", summary,
                              "closed since no request came in time, since the beginning"};
const Statistic processes{"web_processes", "processes", summary, "children of the servers"};
const Statistic waiting{"web_idle", "processes", summary,
                        "processes of the server that wait for a connection"};
const Statistic file_set{"web_file_set", "MiB", summary, "size of the file sets"};
const Statistic warm{"web_warm", "MiB", summary, "files in the page cache at the beginning"};

struct Web99Parameters {
  std::int64_t connections = 500;
  std::int64_t port = 80;
  std::int64_t processes = 0, most_processes = 2000;
  std::string accept_lock = "none";
  Time keep_alive = 15s, linger = 2s;
  std::string draw = "spread";
  Bytes per_process{std::int64_t{400} << 10};
  std::int64_t sharing = 1;
};
const auto parameters =
    ParameterTable<Web99Parameters>{}
        .add("connections", &Web99Parameters::connections,
             "that each server's file set is made for: 25 + 0.66 directories of 4.88 MB for each",
             "Barham et al., SOSP 2003, section 4.3", {.minimum = 1, .maximum = 20000})
        .add("port", &Web99Parameters::port, "of the first instance; each other has the next",
             "Barham et al., SOSP 2003, section 4.3: a port for each server",
             {.minimum = 1, .maximum = 60000})
        .add("processes", &Web99Parameters::processes,
             "children that a server begins with; 0: five for four connections, and 16",
             "choice: those of a server that has run under load for long", {.minimum = 0, .maximum = 20000})
        .add("most_processes", &Web99Parameters::most_processes, "children of a server (MaxClients)",
             "choice: more than live connections", {.minimum = 1, .maximum = 20000})
        .add("accept_lock", &Web99Parameters::accept_lock,
             "how children take turns to accept: by a System V semaphore, by a lock of a file, or not at "
             "all, so that the kernel wakes one",
             "Apache 1.3.27 on Linux with one port: it leaves it to the kernel",
             {.choices = {"semaphore", "file", "none"}})
        .add("keep_alive", &Web99Parameters::keep_alive,
             "a connection without a request for so long is closed", "Apache 1.3: KeepAliveTimeout",
             {.minimum = 10ms})
        .add("linger", &Web99Parameters::linger,
             "how long the client's end is waited for when a connection is closed", "Apache 1.3",
             {.minimum = 10ms})
        .add("draw", &Web99Parameters::draw,
             "how the directory of a request is drawn: evenly spread over the law, or independently",
             "choice: short runs need less luck", {.choices = {"spread", "independent"}})
        .add("per_process", &Web99Parameters::per_process,
             "memory that the page cache leaves for each child when it is filled at the beginning",
             "choice: what a child with its connection takes; reclaim corrects it",
             {.minimum = Bytes{0}, .maximum = Bytes{64 << 20}})
        .add("sharing", &Web99Parameters::sharing,
             "instances that have one kernel's memory together: at the beginning each has an equal part of "
             "the "
             "page cache",
             "choice", {.minimum = 1, .maximum = 1'000'000});

class Web99 final : public Workload {
 public:
  Web99(const Web99Parameters& p, const WorkloadContext& context) : parameters_(p), costs_(context) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.network = true}; }
  std::vector<Program> programs(std::uint32_t instance, RandomStream& random) override {
    WebServer& server =
        *instances_.add(instance, std::make_unique<WebServer>(costs_, options(instance), random));
    std::vector<Program> all;
    all.push_back(start(server, instance));
    return all;
  }

  /// Over all instances: what was counted of those that have ended, too.
  void report(StatisticSink& sink, const std::string& prefix) const override {
    double all = 0, connections = 0, lost = 0, timeouts = 0, children = 0, idle = 0;
    double bytes = 0, pages = 0;
    for (const auto& server : instances_.all()) {
      all += static_cast<double>(server->requests);
      connections += static_cast<double>(server->connections);
      lost += static_cast<double>(server->broken);
      timeouts += static_cast<double>(server->timeouts);
    }
    for (const auto& [instance, latest] : instances_.latest()) {
      const WebServer& server = **latest;
      children += static_cast<double>(server.processes);
      idle += static_cast<double>(server.idle);
      bytes += static_cast<double>(server.files.bytes());
      pages += static_cast<double>(server.warm_pages);
    }
    constexpr double mebibyte = 1 << 20;
    sink.value(prefix, requests, all);
    sink.value(prefix, accepted, connections);
    sink.value(prefix, broken, lost);
    sink.value(prefix, kept_too_long, timeouts);
    sink.value(prefix, processes, children);
    sink.value(prefix, waiting, idle);
    sink.value(prefix, file_set, bytes / mebibyte);
    sink.value(prefix, warm, pages * page_size / mebibyte);
  }

 private:
  [[nodiscard]] WebServerOptions options(std::uint32_t instance) const {
    const Web99Parameters& p = parameters_;
    const std::int64_t usual = p.connections * 5 / 4 + 16;
    WebServerOptions options{.root = fmt::format("/usr/tmp/web{}", instance),
                             .port = static_cast<std::uint16_t>(p.port + instance),
                             .directories = WebFileSet::directories_for(p.connections),
                             .processes = p.processes > 0 ? p.processes : usual,
                             .most_processes = p.most_processes};
    options.lock = p.accept_lock == "semaphore" ? AcceptLock::semaphore
                   : p.accept_lock == "file"    ? AcceptLock::file
                                                : AcceptLock::none;
    options.keep_alive = p.keep_alive;
    options.linger = p.linger;
    options.draw = p.draw == "spread" ? WebDraw::How::spread : WebDraw::How::independent;
    options.keep_free = {p.per_process.count * options.processes};
    options.sharing = static_cast<std::uint32_t>(p.sharing - instance % p.sharing);
    return options;
  }

  static Program start(WebServer& server, std::uint32_t instance) {
    const Self self{};
    const Bytes needed{static_cast<std::int64_t>(server.files.bytes())};
    for (const char* name : {"access_log", "post.log", "accept.lock", "user_personality", "custom_ads"}) {
      const std::string path = server.file(name);
      check_set_up(co_await self.existing_file(path, Bytes{page_size}), "web99", instance, needed);
    }
    const std::vector<Self::PlacedFile> files = server.files.by_popularity();
    const std::int64_t warm_pages =
        co_await self.place_files(files, server.options.keep_free, server.options.sharing);
    check_set_up(warm_pages, "web99", instance, needed);
    server.warm_pages = warm_pages;
    const ProgramImage image{.path = "/usr/sbin/httpd", .text = 90, .data = 8, .bss = 20};
    const ImageUse use{.text = 80, .data = 8, .bss = 10, .libc_text = 80, .small_libraries = 2};
    const LoadedBody main = [&server](Self same, const Place& place) {
      return run_web_server(same, place, server);
    };
    const Self::Body body = dynamic_loader(image, use, server.costs.programs, main);
    co_await self.exec(image, body);
  }

  Web99Parameters parameters_;
  WebCosts costs_;
  Instances<std::unique_ptr<WebServer>> instances_;
};

const RegisterWorkload<Web99, Web99Parameters> registered{
    "web99", "a web server, Apache 1.3, with SPECweb99's files", parameters};

}  // namespace
}  // namespace xensim
