#include "models/io/disk.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace xensim {
namespace {

/// The most that is written in one go from the cache.
constexpr std::uint64_t longest_write = 1024;

}  // namespace

Disk::Place Disk::place(std::uint64_t sector) const {
  const auto after =
      std::upper_bound(p_.zones.begin(), p_.zones.end(), sector,
                       [](std::uint64_t s, const DiskZone& zone) { return s < zone.first_sector; });
  const DiskZone& zone = *std::prev(after);
  const std::uint64_t within = sector - zone.first_sector, track = within / zone.sectors_per_track;
  const std::uint64_t index = within % zone.sectors_per_track;
  const std::int64_t skew = static_cast<std::int64_t>(track) * p_.head_switch.count();
  const std::int64_t turned =
      static_cast<std::int64_t>(index) * p_.revolution.count() / zone.sectors_per_track;
  return {.track = zone.first_cylinder * p_.heads + static_cast<std::uint32_t>(track),
          .sectors_per_track = zone.sectors_per_track,
          .left_on_track = zone.sectors_per_track - index,
          .angle = Time{(turned + skew) % p_.revolution.count()}};
}

Time Disk::reach(const Place& place, bool write, Time at) const {
  Time seek{};
  if (const std::uint32_t to = place.track / p_.heads; to != cylinder()) {
    seek = p_.seek(cylinder(), to) + (write ? p_.settle_write : Time{});
  } else if (place.track != track_) {
    seek = p_.head_switch;
  }
  const Time arrival = at + seek;
  const Time angle = arrival % p_.revolution;
  const Time wait = place.angle >= angle ? place.angle - angle : place.angle + p_.revolution - angle;
  return seek + wait;
}

Time Disk::transfer(std::uint64_t sector, std::uint64_t sectors) const {
  Time time{};
  while (sectors > 0) {
    const Place here = place(sector);
    const std::uint64_t part = std::min(sectors, here.left_on_track);
    time +=
        p_.revolution * static_cast<std::int64_t>(part) / static_cast<std::int64_t>(here.sectors_per_track);
    sector += part;
    sectors -= part;
    if (sectors > 0) time += p_.head_switch;
  }
  return time;
}

Time Disk::move_and_transfer(const DiskCommand& command, Time at) {
  const Time end =
      at + reach(place(command.sector), command.write, at) + transfer(command.sector, command.sectors);
  track_ = place(command.sector + command.sectors - 1).track;
  return free_ = end;
}

Time Disk::positioning(const DiskCommand& command, Time at) const {
  if (command.write && p_.write_cache) return {};
  const std::uint64_t end = command.sector + command.sectors;
  for (const Segment& segment : segments_) {
    if (segment.begin <= command.sector && end <= segment.end) return {};
  }
  // The platters turn on while the command is looked at.
  const Time start = std::max(at + p_.overhead_miss, free_);
  return start - at + reach(place(command.sector), command.write, start);
}

Time Disk::service(const DiskCommand& command, Time at) {
  assert(command.sectors > 0 && command.sector + command.sectors <= p_.sectors);
  work_until(at);
  return command.write ? write(command, at) : read(command, at);
}

void Disk::work_until(Time at) {
  while (!buffered_.empty() && std::max(free_, buffered_at_) < at) {
    const Time start = std::max(free_, buffered_at_);
    stop_reading_ahead(start);
    write_nearest(start);
  }
}

Time Disk::flush(Time at) {
  at = std::max(at, free_);
  stop_reading_ahead(at);
  while (!buffered_.empty()) at = write_nearest(at);
  return at;
}

Time Disk::read(const DiskCommand& command, Time at) {
  const std::uint64_t end = command.sector + command.sectors;
  const Time bus = p_.interface_sector * static_cast<std::int64_t>(command.sectors);
  const auto later = buffered_.upper_bound(command.sector);
  if (later != buffered_.begin() && std::prev(later)->second.end >= end) return at + p_.overhead_hit + bus;
  if (Segment* segment = segment_with(command.sector, at)) {
    segment->used = ++uses_;
    if (end <= segment->end) return at + p_.overhead_hit + bus;
    if (reading_ && segment == &segments_[*reading_]) {
      // The rest is about to come.
      free_ = std::max(at, free_) + transfer(segment->end, end - segment->end);
      segment->end = end;
      segment->begin = std::max(segment->begin, end - std::min<std::uint64_t>(end, p_.segment_sectors));
      track_ = place(end - 1).track;
      return free_ + p_.overhead_hit;
    }
  }
  const Time start = std::max(at + p_.overhead_miss, free_);
  stop_reading_ahead(start);
  const Time done = move_and_transfer(command, start);
  remember(command);
  return done;
}

Time Disk::write(const DiskCommand& command, Time at) {
  forget(command);
  if (!p_.write_cache) {
    const Time start = std::max(at + p_.overhead_miss, free_);
    stop_reading_ahead(start);
    return move_and_transfer(command, start);
  }
  Time room = at;
  while (!has_room(command)) {
    stop_reading_ahead(std::max(room, free_));
    room = std::max(room, write_nearest(std::max(room, free_)));
  }
  const Time done = room + p_.overhead_hit + p_.interface_sector * static_cast<std::int64_t>(command.sectors);
  if (buffered_.empty()) buffered_at_ = done;
  buffer(command);
  return done;
}

Disk::Segment* Disk::segment_with(std::uint64_t sector, Time at) {
  if (reading_ && at > free_) {
    const std::size_t kept = *reading_;
    stop_reading_ahead(at);
    // It is still the one that goes on, from here.
    reading_ = kept;
    free_ = at;
  }
  const auto found = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& segment) {
    return segment.begin <= sector && sector <= segment.end && segment.begin != segment.end;
  });
  return found == segments_.end() ? nullptr : &*found;
}

void Disk::stop_reading_ahead(Time at) {
  if (!reading_) return;
  Segment& segment = segments_[*reading_];
  reading_.reset();
  if (at <= free_) return;
  const std::uint64_t most = std::min<std::uint64_t>(
      p_.sectors - segment.end,
      p_.segment_sectors - std::min<std::uint64_t>(segment.end - segment.begin, p_.segment_sectors));
  if (most == 0) return;
  const Place here = place(segment.end - 1);
  const Time track = p_.revolution + p_.head_switch;
  const Time passed = std::min(at - free_, track * 64);
  const auto read = static_cast<std::uint64_t>(passed.count() / (track.count() / here.sectors_per_track));
  segment.end += std::min(most, read);
  track_ = place(segment.end - 1).track;
}

void Disk::remember(const DiskCommand& command) {
  forget(command);
  if (segments_.size() < p_.read_segments) {
    segments_.emplace_back();
    reading_ = segments_.size() - 1;
  } else {
    const auto oldest = std::min_element(segments_.begin(), segments_.end(),
                                         [](const Segment& a, const Segment& b) { return a.used < b.used; });
    reading_ = static_cast<std::size_t>(oldest - segments_.begin());
  }
  const std::uint64_t end = command.sector + command.sectors;
  segments_[*reading_] = {command.sector, end, ++uses_};
}

void Disk::forget(const DiskCommand& command) {
  const std::uint64_t end = command.sector + command.sectors;
  for (Segment& segment : segments_) {
    if (segment.begin < end && command.sector < segment.end) segment.end = segment.begin;
  }
  if (reading_ && segments_[*reading_].begin == segments_[*reading_].end) reading_.reset();
}

void Disk::buffer(const DiskCommand& command) {
  std::uint64_t begin = command.sector, end = command.sector + command.sectors;
  auto range = buffered_.lower_bound(begin);
  if (range != buffered_.begin() && std::prev(range)->second.end >= begin) --range;
  while (range != buffered_.end() && range->first <= end) {
    begin = std::min(begin, range->first);
    end = std::max(end, range->second.end);
    unwritten_ -= range->second.end - range->first;
    range = buffered_.erase(range);
  }
  buffer(begin, end);
  unwritten_ += end - begin;
}

Time Disk::write_nearest(Time at) {
  auto nearest = buffered_.begin();
  Time shortest = never;
  for (auto range = buffered_.begin(); range != buffered_.end(); ++range) {
    const Time time = reach(range->second.begin, true, at);
    if (time >= shortest) continue;
    shortest = time;
    nearest = range;
  }
  const std::uint64_t begin = nearest->first, rest = nearest->second.end;
  const std::uint64_t end = std::min(rest, begin + longest_write);
  buffered_.erase(nearest);
  if (end < rest) buffer(end, rest);
  unwritten_ -= end - begin;
  return move_and_transfer({begin, static_cast<std::uint32_t>(end - begin), true}, at);
}

}  // namespace xensim
