/// An Apache 1.3.27 server: what its processes share, and their programs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/memory/working_set.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/web/file_set.hpp"
#include "workloads/workload.hpp"

namespace xensim {

/// How only one process at a time gets to accept.
enum class AcceptLock : std::uint8_t { none, semaphore, file };

/// Constants of section workload_intensities.
struct WebCosts {
  explicit WebCosts(const WorkloadContext& context);

  ProgramCosts programs;
  std::array<Time, web_request_kinds> user{};  ///< of a request, with warm caches
  WorkingSet set;
  std::uint32_t code_pages = 0, data_pages = 0;
};

/// What a server shall be like.
struct WebServerOptions {
  std::string root;  ///< directory of its files, without a slash at its end
  std::uint16_t port = 80;
  std::uint32_t directories = 25;
  std::int64_t processes = 10;       ///< that it begins with
  std::int64_t most_processes = 20;  ///< MaxClients
  AcceptLock lock = AcceptLock::semaphore;
  Time keep_alive{}, linger{};
  WebDraw::How draw = WebDraw::How::spread;
  Bytes keep_free{};          ///< of memory, when the files are in the page cache
  std::uint32_t sharing = 1;  ///< servers of this kernel whose files are not there yet, it included
};

/// One server. Outlives its programs.
struct WebServer {
  WebServer(const WebCosts& its_costs, const WebServerOptions& its_options, const RandomStream& random)
      : costs(its_costs),
        options(its_options),
        files(its_options.root, its_options.directories),
        directory(its_options.draw, random, WebDraw::golden) {}

  [[nodiscard]] std::string file(const char* name) const { return options.root + '/' + name; }

  const WebCosts& costs;
  WebServerOptions options;
  WebFileSet files;
  WebDraw directory;  ///< which one the next request is for

  std::int64_t listener = -1, semaphore = -1;
  std::int64_t warm_pages = 0;                      ///< of the files, in the page cache at the beginning
  std::int64_t processes = 0, idle = 0;             ///< Apache's scoreboard
  std::uint64_t connections = 0, requests = 0;      ///< accepted, answered
  std::uint64_t timeouts = 0, broken = 0, bad = 0;  ///< kept alive too long, left by the client, no request
};

/// The parent: makes the files, listens, and keeps enough children.
[[nodiscard]] Program run_web_server(Self self, Place place, WebServer& server);
/// A child.
[[nodiscard]] Program serve_web_clients(Self self, Place place, WebServer& server);
/// What a child does to answer one request; `failed` is set if the client is gone.
[[nodiscard]] Program answer_web_request(Self self, WebServer& server, std::int64_t socket,
                                         WebRequest request, std::int64_t log, bool& failed);

}  // namespace xensim
