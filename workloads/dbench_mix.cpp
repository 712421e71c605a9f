#include "workloads/dbench_mix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace xensim {
namespace {

using Kind = DbenchOperation::Kind;
using Size = DbenchMix::Size;

constexpr std::uint32_t files_in_directory = 64;

/// Sizes that are not among the most frequent ones have the rest of the operations and bytes.
std::vector<Size> with_rest(std::vector<Size> sizes, std::uint32_t operations, std::uint64_t bytes) {
  for (const Size& size : sizes) {
    operations -= size.count;
    bytes -= std::uint64_t{size.bytes} * size.count;
  }
  sizes.push_back({static_cast<std::uint32_t>(bytes / operations), operations});
  return sizes;
}

/// The share of `count` that falls to part `i` of `parts`.
std::uint32_t share(std::uint64_t count, std::uint64_t i, std::uint64_t parts) {
  return static_cast<std::uint32_t>((i + 1) * count / parts - i * count / parts);
}

std::uint32_t most_bytes(const std::vector<Size>& sizes) {
  return std::ranges::max_element(sizes, {}, &Size::bytes)->bytes;
}

/// Hands out sizes so that each comes as often as it should, evenly.
class Sizes {
 public:
  explicit Sizes(const std::vector<Size>& sizes) : sizes_(sizes), given_(sizes.size()) {
    for (const Size& size : sizes) all_ += size.count;
  }
  [[nodiscard]] std::uint64_t all() const { return all_; }
  std::uint32_t next() {
    ++asked_;
    std::size_t best = 0;
    std::int64_t most = INT64_MIN;
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      const auto behind =
          static_cast<std::int64_t>(asked_ * sizes_[i].count) - static_cast<std::int64_t>(given_[i] * all_);
      if (behind <= most) continue;
      most = behind;
      best = i;
    }
    ++given_[best];
    return sizes_[best].bytes;
  }

 private:
  const std::vector<Size>& sizes_;
  std::vector<std::uint64_t> given_;
  std::uint64_t all_ = 0, asked_ = 0;
};

}  // namespace

const DbenchMix& dbench_mix(std::string_view version) {
  static const std::array<DbenchMix, 2> mixes{
      DbenchMix{.version = "1.x",
                .lines = 96535,
                .opens = 3617,  // the others fail, and are skipped
                .stats = 7966,
                .unlinks = 1004,
                .renames = 195,
                .writes = with_rest({{4096, 6875},
                                     {4, 3534},
                                     {2048, 1865},
                                     {512, 1427},
                                     {2, 859},
                                     {65475, 680},
                                     {15, 407},
                                     {8, 304}},
                                    23287, 94701582),
                .reads = {{8081, 4698}},
                .score_megabytes = 132},
      DbenchMix{
          .version = "2.x",
          .lines = 62477,
          .opens = 8356,
          .failed_opens = 2643,
          .stats = 7372,
          .file_stats = 1849,
          .file_system_stats = 1709,
          .finds = 3573,
          .unlinks = 2095,
          .renames = 435,
          .flushes = 721,
          .writes = with_rest({{65471, 1869}, {65, 1869}, {4096, 1268}, {1, 1209}, {2048, 208}, {8192, 148}},
                              7475, 149099246),
          .reads =
              with_rest({{4096, 9985}, {65471, 2150}, {65, 2150}, {8192, 844}, {2048, 711}, {16384, 295}},
                        17881, 198935866)}};
  const auto found = std::ranges::find(mixes, version, &DbenchMix::version);
  if (found == mixes.end()) throw InputError({.path = "version"}, version, "4, 1.x or 2.x");
  return *found;
}

namespace {

/// Makes a load out of a mix, open by open.
class LoadBuilder {
 public:
  LoadBuilder(const DbenchMix& mix, double kept)
      : mix_(mix),
        kept_files_(static_cast<std::uint32_t>(std::lround(mix.files * kept))),
        longest_kept_((mix.live - longest_deleted * (mix.files - kept_files_)) / kept_files_),
        contents_(mix.files),
        writes_(mix.writes),
        reads_(mix.reads),
        left_(writes_.all()) {
    for (std::uint32_t i = 0; i < mix.opens; ++i) kept_opens_ += is_kept(i) ? 1U : 0U;
  }

  [[nodiscard]] DbenchLoadFile build() {
    make_directories();
    for (std::uint32_t i = 0; i < mix_.opens; ++i) {
      work_on_open_file(i);
      look_around(i);
      rename(i);
      if (!is_kept(i)) remove(i);
    }
    return {std::move(all_), std::move(paths_)};
  }

 private:
  struct Contents {
    std::uint64_t length = 0, next = 0;  ///< byte to be written
  };
  static constexpr std::uint32_t open = 1, create = 2, handle = 1;

  [[nodiscard]] std::uint32_t file_of(std::uint32_t i) const { return i % mix_.files; }
  [[nodiscard]] bool is_kept(std::uint32_t i) const { return file_of(i) < kept_files_; }

  void add(Kind kind, const DbenchOperation& rest) {
    all_.push_back(rest);
    all_.back().kind = kind;
    all_.back().line = static_cast<std::uint32_t>(all_.size());
  }
  void succeed(Kind kind, DbenchOperation rest) {
    rest.succeeds = true;
    add(kind, rest);
  }
  /// What falls to open `i` of `count` such operations in all.
  void spread(std::uint32_t count, std::uint32_t i, Kind kind, const DbenchOperation& rest) {
    for (std::uint32_t n = share(count, i, mix_.opens); n > 0; --n) succeed(kind, rest);
  }

  void make_directories() {
    const std::uint32_t names = mix_.files + 1 + mix_.absent;
    for (std::uint32_t i = 0; i < names; ++i) {
      paths_.push_back(fmt::format("/clients/client1/{}/{}", i / files_in_directory, i));
    }
    paths_.emplace_back("/clients");
    paths_.emplace_back("/clients/client1");
    for (std::uint32_t i = 0; i <= (names - 1) / files_in_directory; ++i) {
      paths_.push_back(fmt::format("/clients/client1/{}", i));
    }
    for (std::uint32_t i = names; i < paths_.size(); ++i) succeed(Kind::make_directory, {.path = i});
  }

  void work_on_open_file(std::uint32_t i) {
    succeed(Kind::create, {.path = file_of(i), .disposition = create, .handle = handle});
    write(i);
    if (is_kept(i)) read(i);
    spread(mix_.file_stats, i, Kind::query_file, {.handle = handle});
    spread(mix_.flushes, i, Kind::flush, {.handle = handle});
    succeed(Kind::close, {.handle = handle});
  }

  /// The first opens fill the files that are kept; what is left then is spread over the others.
  void write(std::uint32_t i) {
    const std::uint64_t longest = is_kept(i) ? longest_kept_ : longest_deleted;
    Contents& contents = contents_[file_of(i)];
    const auto write_on = [&] {
      const std::uint32_t bytes = writes_.next();
      if (contents.next + bytes > longest) contents.next = 0;
      succeed(Kind::write, {.handle = handle, .offset = contents.next, .bytes = bytes, .moved = bytes});
      contents.length = std::max(contents.length, contents.next += bytes);
    };
    if (i < kept_files_) {
      for (; contents.next + most_bytes(mix_.writes) <= longest; --left_) write_on();
    } else {
      for (std::uint32_t n = share(left_, i - kept_files_, mix_.opens - kept_files_); n > 0; --n) write_on();
    }
  }

  void read(std::uint32_t i) {
    std::uint64_t at = 0;
    for (std::uint32_t n = share(reads_.all(), reading_++, kept_opens_); n > 0; --n) {
      const std::uint32_t bytes = reads_.next();
      if (at + bytes > contents_[file_of(i)].length) at = 0;
      succeed(Kind::read, {.handle = handle, .offset = at, .bytes = bytes, .moved = bytes});
      at += bytes;
    }
  }

  void look_around(std::uint32_t i) {
    spread(mix_.stats, i, Kind::query_path, {.path = file_of(i)});
    spread(mix_.file_system_stats, i, Kind::query_file_system, {});
    spread(mix_.finds, i, Kind::find, {.path = file_of(i)});
    for (std::uint32_t n = share(mix_.failed_opens, i, mix_.opens); n > 0; --n) {
      add(Kind::create, {.path = mix_.files + 1 + failing_++ % mix_.absent, .disposition = open});
    }
  }

  /// A file that is renamed gets its name back: the new one is the last of those that are written.
  void rename(std::uint32_t i) {
    for (std::uint32_t n = share(mix_.renames, i, std::uint64_t{2} * mix_.opens); n > 0; --n) {
      succeed(Kind::rename, {.path = file_of(i), .other = mix_.files});
      succeed(Kind::rename, {.path = mix_.files, .other = file_of(i)});
    }
  }

  void remove(std::uint32_t i) {
    for (std::uint32_t n = share(mix_.unlinks, deleting_++, mix_.opens - kept_opens_); n > 0; --n) {
      succeed(Kind::unlink, {.path = file_of(i)});
      contents_[file_of(i)] = {};
    }
  }

  const DbenchMix& mix_;
  std::uint32_t kept_files_;
  std::uint64_t longest_kept_;
  std::vector<Contents> contents_;  ///< by file
  Sizes writes_, reads_;
  std::uint64_t left_;  ///< writes; when the files are filled, all that is spread
  std::uint32_t kept_opens_ = 0, reading_ = 0, deleting_ = 0, failing_ = 0;
  std::vector<DbenchOperation> all_;
  std::vector<std::string> paths_;
};

}  // namespace

DbenchLoadFile load_of(const DbenchMix& mix, double kept) { return LoadBuilder(mix, kept).build(); }

}  // namespace xensim
