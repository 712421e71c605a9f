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

DbenchLoadFile load_of(const DbenchMix& mix, double kept) {
  const std::uint32_t renamed = mix.files, first_absent = renamed + 1, names = first_absent + mix.absent;
  std::vector<std::string> paths;
  for (std::uint32_t i = 0; i < names; ++i) {
    paths.push_back(fmt::format("/clients/client1/{}/{}", i / files_in_directory, i));
  }
  std::vector<DbenchOperation> all;
  const auto add = [&](Kind kind, const DbenchOperation& rest) {
    all.push_back(rest);
    all.back().kind = kind;
    all.back().line = static_cast<std::uint32_t>(all.size());
  };
  const auto succeed = [&](Kind kind, DbenchOperation rest) {
    rest.succeeds = true;
    add(kind, rest);
  };
  paths.emplace_back("/clients");
  paths.emplace_back("/clients/client1");
  for (std::uint32_t i = 0; i <= (names - 1) / files_in_directory; ++i) {
    paths.push_back(fmt::format("/clients/client1/{}", i));
  }
  for (std::uint32_t i = names; i < paths.size(); ++i) succeed(Kind::make_directory, {.path = i});

  struct Contents {
    std::uint64_t length = 0, next = 0;  ///< byte to be written
  };
  std::vector<Contents> contents(mix.files);
  const auto kept_files = static_cast<std::uint32_t>(std::lround(mix.files * kept));
  const std::uint64_t longest_kept = (mix.live - longest_deleted * (mix.files - kept_files)) / kept_files;
  const auto is_kept = [&](std::uint32_t open) { return open % mix.files < kept_files; };
  std::uint32_t kept_opens = 0, reading = 0, deleting = 0, failing = 0;
  for (std::uint32_t i = 0; i < mix.opens; ++i) kept_opens += is_kept(i) ? 1U : 0U;
  Sizes writes(mix.writes), reads(mix.reads);
  std::uint64_t left = writes.all();  // when the files are filled, all that is spread
  constexpr std::uint32_t open = 1, create = 2, handle = 1;

  for (std::uint32_t i = 0; i < mix.opens; ++i) {
    const std::uint32_t file = i % mix.files;
    const std::uint64_t longest = is_kept(i) ? longest_kept : longest_deleted;
    std::uint64_t &length = contents[file].length, &next = contents[file].next;
    const auto write = [&] {
      const std::uint32_t bytes = writes.next();
      if (next + bytes > longest) next = 0;
      succeed(Kind::write, {.handle = handle, .offset = next, .bytes = bytes, .moved = bytes});
      length = std::max(length, next += bytes);
    };
    succeed(Kind::create, {.path = file, .disposition = create, .handle = handle});
    const bool fills = i < kept_files;
    for (; fills && next + most_bytes(mix.writes) <= longest; --left) write();
    for (std::uint32_t n = fills ? 0 : share(left, i - kept_files, mix.opens - kept_files); n > 0; --n) {
      write();
    }
    std::uint64_t at = 0;
    for (std::uint32_t n = is_kept(i) ? share(reads.all(), reading++, kept_opens) : 0; n > 0; --n) {
      const std::uint32_t bytes = reads.next();
      if (at + bytes > length) at = 0;
      succeed(Kind::read, {.handle = handle, .offset = at, .bytes = bytes, .moved = bytes});
      at += bytes;
    }
    for (std::uint32_t n = share(mix.file_stats, i, mix.opens); n > 0; --n) {
      succeed(Kind::query_file, {.handle = handle});
    }
    for (std::uint32_t n = share(mix.flushes, i, mix.opens); n > 0; --n)
      succeed(Kind::flush, {.handle = handle});
    succeed(Kind::close, {.handle = handle});
    for (std::uint32_t n = share(mix.stats, i, mix.opens); n > 0; --n)
      succeed(Kind::query_path, {.path = file});
    for (std::uint32_t n = share(mix.file_system_stats, i, mix.opens); n > 0; --n) {
      succeed(Kind::query_file_system, {});
    }
    for (std::uint32_t n = share(mix.finds, i, mix.opens); n > 0; --n) succeed(Kind::find, {.path = file});
    for (std::uint32_t n = share(mix.failed_opens, i, mix.opens); n > 0; --n) {
      add(Kind::create, {.path = first_absent + failing++ % mix.absent, .disposition = open});
    }
    // A file that is renamed gets its name back: the new one is the last of all.
    for (std::uint32_t n = share(mix.renames, i, std::uint64_t{2} * mix.opens); n > 0; --n) {
      succeed(Kind::rename, {.path = file, .other = renamed});
      succeed(Kind::rename, {.path = renamed, .other = file});
    }
    if (is_kept(i)) continue;
    for (std::uint32_t n = share(mix.unlinks, deleting++, mix.opens - kept_opens); n > 0; --n) {
      succeed(Kind::unlink, {.path = file});
      contents[file] = {};
    }
  }
  return {std::move(all), std::move(paths)};
}

}  // namespace xensim
