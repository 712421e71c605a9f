/// The kinds of requests, call by call.
#include <algorithm>

#include "models/guest/memory/area.hpp"
#include "workloads/web/web_server.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t segment = 32768;  ///< MMAP_SEGMENT_SIZE of Apache 1.3
constexpr std::size_t log_entry = 100, post_record = 140;
constexpr std::uint32_t timeout = 300;  ///< seconds for an answer (Timeout)

/// A file to the client: mapped, and written piece by piece, its head with the first.
Program send_file(Self self, std::int64_t socket, const std::string& path, std::uint32_t bytes,
                  bool& failed) {
  const std::int64_t file = co_await self.open(path);
  if (file < 0) {
    failed = true;
    co_return;
  }
  co_await self.fstat(file);
  const Address start{static_cast<std::uint32_t>(
      co_await self.mmap({.length = bytes, .flags = AreaFlags::read | AreaFlags::shared, .file = file}))};
  for (std::uint32_t done = 0; done < bytes && !failed; done += segment) {
    const std::uint32_t body = std::min(segment, bytes - done);
    const Address from{start.value + done};
    co_await self.touch(from, (body + page_size - 1) / page_size, Access::read);
    const std::uint32_t all = body + (done == 0 ? WebRequest::answer_head : 0);
    if (co_await self.write_from(socket, from, all) < all) failed = true;
  }
  co_await self.munmap(start, bytes);
  co_await self.close(file);
}

/// A form: its log has a count at the beginning, and one writer at a time.
Program enter_post(Self self, const WebServer& server) {
  const std::string path = server.file("post.log");
  const std::int64_t file = co_await self.open(path);
  co_await self.lock(file, 0, 1);
  co_await self.read(file, 10);
  co_await self.lseek(file, 0, SeekFrom::end);
  co_await self.write(file, post_record);
  co_await self.lseek(file, 0);
  co_await self.write(file, 10);
  co_await self.unlock(file, 0, 1);
  co_await self.close(file);
}

const ProgramImage cgi_image{.path = "/usr/bin/specweb99-cgi"};

/// The CGI program itself: the file, with a head, into the pipe.
Program write_page(Self self, Self::PipeEnds pipe, const std::string& path, std::uint32_t bytes) {
  const std::int64_t file = co_await self.open(path);
  for (std::uint32_t left = WebRequest::answer_head + bytes; left > 0;) {
    const std::uint32_t part = std::min(left, page_size);
    co_await self.read(file, part);
    if (co_await self.write(pipe.write, part) < part) break;
    left -= part;
  }
}

Program start_cgi(Self self, Self::PipeEnds pipe, const WebServer& server, const std::string& path,
                  std::uint32_t bytes) {
  co_await self.close(pipe.read);
  const LoadedBody main = [pipe, &path, bytes](Self loaded, const Place&) {
    return write_page(loaded, pipe, path, bytes);
  };
  const Self::Body body = dynamic_loader(cgi_image, typical_image, server.costs.programs, main);
  co_await self.exec(cgi_image, body);
}

/// A program of its own makes the page, which goes from a pipe to the client.
Program run_cgi(Self self, const WebServer& server, std::int64_t socket, const std::string& path,
                std::uint32_t bytes, bool& failed) {
  Self::PipeEnds pipe;
  co_await self.pipe(pipe);
  const Self::Body child = [pipe, &server, &path, bytes](Self born) {
    return start_cgi(born, pipe, server, path, bytes);
  };
  co_await self.fork(child);
  co_await self.close(pipe.write);
  for (;;) {
    const std::int64_t count = co_await self.read(pipe.read, page_size);
    if (count <= 0) break;
    if (!failed) failed = co_await self.write(socket, static_cast<std::size_t>(count)) < count;
  }
  co_await self.close(pipe.read);
  co_await self.wait();
}

}  // namespace

Program answer_web_request(Self self, WebServer& server, std::int64_t socket, WebRequest request,
                           std::int64_t log, bool& failed) {
  using enum WebRequestKind;
  const WebCosts& costs = server.costs;
  const Time user = costs.user[static_cast<std::size_t>(request.kind)];
  const std::uint32_t directory = server.files.directory_at(server.directory.next());
  const std::string& path = server.files.path(directory, request.file_class, request.file);
  const std::uint32_t bytes = WebRequest::file_size(request.file_class, request.file);

  co_await self.gettimeofday();  // of the request
  co_yield Compute{user / 2, &costs.set};
  co_await self.stat(path);
  if (request.kind == custom_ad) {
    // Kept in memory, and looked whether they have changed.
    const std::string users = server.file("user_personality"), advertisements = server.file("custom_ads");
    co_await self.stat(users);
    co_await self.stat(advertisements);
  }
  if (request.kind == post) co_await enter_post(self, server);
  co_await self.alarm(timeout);
  co_yield Compute{user - user / 2, &costs.set};
  if (request.kind == cgi) {
    co_await run_cgi(self, server, socket, path, bytes, failed);
  } else {
    co_await send_file(self, socket, path, bytes, failed);
  }
  co_await self.alarm(0);
  co_await self.gettimeofday();  // for the log
  co_await self.write(log, log_entry);
  for (int i = 0; i < 2; ++i) co_await self.sigaction(signal_number::user1, {});
  co_await self.alarm(static_cast<std::uint32_t>(server.options.keep_alive / Time{1s}));
}

}  // namespace xensim
