/// Chrome JSON (Trace Event Format), which the Perfetto UI, chrome://tracing and many scripts open.
/// Source: "Trace Event Format", Chromium project. Times are whole nanoseconds, printed as microseconds.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "results/traces/spool.hpp"

namespace xensim {

/// A place to draw on: what the format calls a thread of a process. Threads count from 1.
struct ChromeTrack {
  int pid = 0;
  std::uint32_t tid = 0;
  auto operator<=>(const ChromeTrack&) const = default;
};

/// An argument of an event: a number with a name; none if that is empty.
struct ChromeArgument {
  std::string_view name{};
  std::int64_t value = 0;
};

/// Writes events as they come, in any order, to disk; keeps the names of tracks only. Throws InputError
/// naming the file when it cannot be written.
class ChromeJson {
 public:
  explicit ChromeJson(const std::filesystem::path& file) : file_(file), events_(file) {}

  /// The first name that a group of tracks, or a track, is given stays. Tracks without one need none.
  void name_group(int pid, std::string_view name) { groups_.try_emplace(pid, name); }
  void name_track(ChromeTrack track, std::string_view name) { tracks_.try_emplace(track, name); }
  [[nodiscard]] bool is_named(ChromeTrack track) const { return tracks_.contains(track); }

  /// Slices of one track must not overlap. What lasts less than a nanosecond is left out.
  void slice(ChromeTrack track, Time begin, Time end, std::string_view name, ChromeArgument argument = {});
  void instant(ChromeTrack track, Time at, std::string_view name, ChromeArgument argument = {});
  /// The value from now on, of counter `name` of a group.
  void counter(int pid, Time at, std::string_view name, ChromeArgument value);

  /// The file appears.
  void finish();

 private:
  void add(std::string_view event);

  std::filesystem::path file_;
  Spool events_;
  std::map<int, std::string> groups_;
  std::map<ChromeTrack, std::string> tracks_;
};

}  // namespace xensim
