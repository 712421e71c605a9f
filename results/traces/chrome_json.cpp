#include "results/traces/chrome_json.hpp"

#include <fmt/format.h>

#include "results/atomic_file.hpp"

namespace xensim {
namespace {

std::int64_t to_ns(Time time) { return time.count() / 1000; }

/// Exact to the nanosecond.
std::string microseconds(std::int64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string text_of(const ChromeArgument& argument) {
  if (argument.name.empty()) return {};
  return fmt::format(R"(, "args": {{{}: {}}})", quoted(argument.name), argument.value);
}

std::string place(ChromeTrack track, Time at) {
  return fmt::format(R"("ts": {}, "pid": {}, "tid": {})", microseconds(to_ns(at)), track.pid, track.tid);
}

std::string metadata(ChromeTrack track, std::string_view what, std::string_view name) {
  return fmt::format(R"({{"ph": "M", "pid": {}, "tid": {}, "name": "{}", "args": {{"name": {}}}}})",
                     track.pid, track.tid, what, quoted(name));
}

}  // namespace

void ChromeJson::add(std::string_view event) {
  events_.write(",\n");
  events_.write(event);
}

void ChromeJson::slice(ChromeTrack track, Time begin, Time end, std::string_view name,
                       ChromeArgument argument) {
  const std::int64_t length = to_ns(end) - to_ns(begin);
  if (length == 0) return;
  add(fmt::format(R"({{"ph": "X", {}, "dur": {}, "name": {}{}}})", place(track, begin), microseconds(length),
                  quoted(name), text_of(argument)));
}

void ChromeJson::instant(ChromeTrack track, Time at, std::string_view name, ChromeArgument argument) {
  add(fmt::format(R"({{"ph": "i", {}, "s": "t", "name": {}{}}})", place(track, at), quoted(name),
                  text_of(argument)));
}

void ChromeJson::counter(int pid, Time at, std::string_view name, ChromeArgument value) {
  add(fmt::format(R"({{"ph": "C", {}, "name": {}{}}})", place({pid, 0}, at), quoted(name), text_of(value)));
}

void ChromeJson::finish() {
  AtomicFile file(file_);
  file.write("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [");
  std::string_view between = "\n";
  const auto write = [&](const std::string& event) {
    file.write(between);
    file.write(event);
    between = ",\n";
  };
  for (const auto& [pid, name] : groups_) write(metadata({pid, 0}, "process_name", name));
  for (const auto& [track, name] : tracks_) write(metadata(track, "thread_name", name));
  events_.copy_to(file);
  file.write("\n]}\n");
  file.commit();
}

}  // namespace xensim
