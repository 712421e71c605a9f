/// A disk drive: how long each command takes, given where its head is and what its cache holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "models/io/disk_parameters.hpp"

namespace xensim {

struct DiskCommand {
  std::uint64_t sector = 0;
  std::uint32_t sectors = 0;  ///< at least 1; all within the disk
  bool write = false;
};

/// A pure timing model of one mechanism and one cache; contents are nobody's concern here. The platters turn
/// with simulated time, the track of angle 0 at time 0. Consecutive tracks are skewed by the time of a head
/// switch, so that a sequential transfer never waits a turn.
///
/// Reads go on behind their end into a segment of the cache until the next command needs the medium. Writes
/// are acknowledged from the cache if that is on and has room, and written while no command is there, nearest
/// first; a read waits for no more than the one in progress.
class Disk {
 public:
  explicit Disk(const DiskParameters& parameters) : p_(parameters) {}

  /// Executes a command that arrives at `at`, not before earlier ones. Returns when it is complete. Another
  /// may be given at that time.
  Time service(const DiskCommand& command, Time at);
  /// How long service() would take at `at`, up to the first sector, if only the mechanism mattered; 0 if
  /// the cache will do.
  [[nodiscard]] Time positioning(const DiskCommand& command, Time at) const;
  /// False: a write for which the cache is on, but full; it must wait until others are on the medium.
  [[nodiscard]] bool has_room(const DiskCommand& command) const {
    return !command.write || !p_.write_cache || buffered_.empty() ||
           unwritten_ + command.sectors <= p_.write_buffer_sectors;
  }
  /// What the drive does by itself until `at`.
  void work_until(Time at);
  /// Writes all that is in the cache only. Returns when that is done.
  Time flush(Time at);

  [[nodiscard]] const DiskParameters& parameters() const { return p_; }
  [[nodiscard]] std::uint32_t cylinder() const { return track_ / p_.heads; }
  [[nodiscard]] std::uint64_t unwritten_sectors() const { return unwritten_; }
  /// The media transfer of consecutive sectors, switches of tracks included.
  [[nodiscard]] Time transfer(std::uint64_t sector, std::uint64_t sectors) const;

 private:
  struct Place {
    std::uint32_t track = 0;  ///< counted from the outermost cylinder's first
    std::uint32_t sectors_per_track = 0;
    std::uint64_t left_on_track = 0;
    Time angle{};  ///< when in a revolution the sector begins to pass
  };
  /// Sectors that are to be written.
  struct Buffered {
    std::uint64_t end = 0;
    Place begin;  ///< where they begin
  };
  struct Segment {
    std::uint64_t begin = 0, end = 0;
    std::uint64_t used = 0;  ///< order of last use
  };
  [[nodiscard]] Place place(std::uint64_t sector) const;
  /// From the head's present place at `at` until the sector is under it.
  [[nodiscard]] Time reach(const Place& place, bool write, Time at) const;
  /// The medium is used from `at` on. Returns the end.
  Time move_and_transfer(const DiskCommand& command, Time at);
  Time read(const DiskCommand& command, Time at);
  Time write(const DiskCommand& command, Time at);
  [[nodiscard]] Segment* segment_with(std::uint64_t sector, Time at);
  /// The segment that is being read into has what passed under the head until `at`.
  void stop_reading_ahead(Time at);
  void remember(const DiskCommand& command);
  void forget(const DiskCommand& command);
  void buffer(const DiskCommand& command);
  void buffer(std::uint64_t begin, std::uint64_t end) { buffered_[begin] = {end, place(begin)}; }
  /// Writes the buffered sectors that are nearest, beginning at `at`. Returns the end.
  Time write_nearest(Time at);

  DiskParameters p_;
  std::uint32_t track_ = 0;
  Time free_{};  ///< the mechanism is busy until then
  std::vector<Segment> segments_;
  std::optional<std::size_t> reading_;          ///< segment that is read into since `free_`
  std::map<std::uint64_t, Buffered> buffered_;  ///< writes, by their first sectors, never adjacent
  std::uint64_t unwritten_ = 0;                 ///< sectors in it
  Time buffered_at_{};                          ///< when the first of them came
  std::uint64_t uses_ = 0;
};

}  // namespace xensim
