#include "workloads/dbench_mix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
                .opens = 4795,
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
                .files = 1004,
                .longest = 24200000 / 106,
                .score_megabytes = 132},
      DbenchMix{
          .version = "2.x",
          .lines = 62477,
          .opens = 10999,
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
                        17881, 198935866),
          .files = 106,
          .longest = 24200000 / 106}};
  const auto found = std::ranges::find(mixes, version, &DbenchMix::version);
  if (found == mixes.end()) throw InputError({.path = "version"}, version, "4, 1.x or 2.x");
  return *found;
}

DbenchLoadFile load_of(const DbenchMix& mix) {
  std::vector<std::string> paths;
  for (std::uint32_t i = 0; i <= mix.files; ++i) {
    paths.push_back(fmt::format("/clients/client1/{}/{}", i / files_in_directory, i));
  }
  std::vector<DbenchOperation> all;
  const auto add = [&](Kind kind, const DbenchOperation& rest) {
    all.push_back(rest);
    all.back().kind = kind;
    all.back().succeeds = true;
    all.back().line = static_cast<std::uint32_t>(all.size());
  };
  Sizes writes(mix.writes), reads(mix.reads);
  constexpr std::uint32_t create = 2;
  paths.emplace_back("/clients");
  paths.emplace_back("/clients/client1");
  for (std::uint32_t i = 0; i <= mix.files / files_in_directory; ++i) {
    paths.push_back(fmt::format("/clients/client1/{}", i));
  }
  for (std::uint32_t i = mix.files + 1; i < paths.size(); ++i) add(Kind::make_directory, {.path = i});
  struct Contents {
    std::uint64_t length = 0, next = 0;  ///< byte to be written
  };
  std::vector<Contents> contents(mix.files);
  const auto is_kept = [&](std::uint32_t open) { return open % mix.files < mix.files / 2; };
  std::uint32_t kept_opens = 0, kept = 0, deleted = 0;
  for (std::uint32_t i = 0; i < mix.opens; ++i) kept_opens += is_kept(i) ? 1U : 0U;
  for (std::uint32_t i = 0; i < mix.opens; ++i) {
    const std::uint32_t file = i % mix.files, handle = 1;
    auto& [length, next] = contents[file];
    add(Kind::create, {.path = file, .disposition = create, .handle = handle});
    for (std::uint32_t n = share(writes.all(), i, mix.opens); n > 0; --n) {
      const std::uint32_t bytes = writes.next();
      if (next + bytes > mix.longest) next = 0;
      add(Kind::write, {.handle = handle, .offset = next, .bytes = bytes, .moved = bytes});
      length = std::max(length, next += bytes);
    }
    std::uint64_t at = 0;
    for (std::uint32_t n = is_kept(i) ? share(reads.all(), kept++, kept_opens) : 0; n > 0; --n) {
      const std::uint32_t bytes = reads.next();
      if (at + bytes > length) at = 0;
      const auto moved = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, length - at));
      add(Kind::read, {.handle = handle, .offset = at, .bytes = bytes, .moved = moved});
      at += moved;
    }
    for (std::uint32_t n = share(mix.file_stats, i, mix.opens); n > 0; --n) {
      add(Kind::query_file, {.handle = handle});
    }
    for (std::uint32_t n = share(mix.flushes, i, mix.opens); n > 0; --n) add(Kind::flush, {.handle = handle});
    add(Kind::close, {.handle = handle});
    for (std::uint32_t n = share(mix.stats, i, mix.opens); n > 0; --n) add(Kind::query_path, {.path = file});
    for (std::uint32_t n = share(mix.file_system_stats, i, mix.opens); n > 0; --n) {
      add(Kind::query_file_system, {});
    }
    for (std::uint32_t n = share(mix.finds, i, mix.opens); n > 0; --n) add(Kind::find, {.path = file});
    // A file that is renamed gets its name back: the new one is the last of all.
    for (std::uint32_t n = share(mix.renames, i, std::uint64_t{2} * mix.opens); n > 0; --n) {
      add(Kind::rename, {.path = file, .other = mix.files});
      add(Kind::rename, {.path = mix.files, .other = file});
    }
    if (is_kept(i)) continue;
    for (std::uint32_t n = share(mix.unlinks, deleted++, mix.opens - kept_opens); n > 0; --n) {
      add(Kind::unlink, {.path = file});
      contents[file] = {};
    }
  }
  return {std::move(all), std::move(paths)};
}

}  // namespace xensim
