#include "models/memory/cache_footprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

namespace xensim {
namespace {

constexpr std::size_t least_room = 4096;  // stretches

/// The chance that a binomial variable (n trials of 1 in `sets`) stays below `ways`. Only operations that
/// are the same to the last bit on every machine.
double stays_below(std::uint32_t ways, double n, std::uint32_t sets) {
  if (sets == 1) return n < ways ? 1 : 0;
  const double p = 1.0 / sets;
  double none = 1;  // (1 - p)^n, by squaring
  double factor = 1 - p;
  for (auto bits = static_cast<std::uint64_t>(n); bits > 0; bits >>= 1) {
    if ((bits & 1) != 0) none *= factor;
    factor *= factor;
  }
  double sum = 0, term = none;
  for (std::uint32_t k = 0; k < ways && k <= n; ++k) {
    sum += term;
    term *= (n - k) / (k + 1.0) * p / (1 - p);
  }
  return sum;
}

}  // namespace

SurvivalTable::SurvivalTable(std::uint32_t lines, std::uint32_t ways)
    : capacity_(lines),
      grain_shift_(static_cast<unsigned>(std::bit_width((lines + grains_ - 1) / grains_ - 1))),
      row_(grains_ + 1) {
  assert(ways > 0 && lines >= ways);
  const std::uint32_t grain = 1U << grain_shift_;
  const std::uint32_t sets = lines / ways;
  constexpr double nothing = 0.001;  // of the lines
  const auto middle = [&](std::uint32_t i) { return (i + 0.5) * grain; };
  std::array<double, grains_> alone{};
  for (std::uint32_t i = 0; i < grains_; ++i) alone[i] = stays_below(ways, middle(i), sets);
  for (double foreign = 0;; foreign += grain) {
    double sum = 0;
    table_.push_back(0);
    for (std::uint32_t i = 0; i < grains_; ++i) {
      sum += grain * stays_below(ways, middle(i) + foreign, sets) / alone[i];
      table_.push_back(static_cast<std::uint32_t>(sum * parts));
    }
    horizon_ = static_cast<std::uint32_t>(foreign);
    if (sum < nothing * lines) break;
  }
  find_harmless();
}

void SurvivalTable::find_harmless() {
  const std::uint32_t grain = 1U << grain_shift_;
  harmless_.reserve(grain + 1);
  harmless_.push_back(horizon_);
  for (std::uint32_t own = 1; own <= std::min(grain, capacity_); ++own) {
    // The more lines, the sooner one of them is lost.
    std::uint32_t low = 0, high = harmless_.back();
    while (low < high) {
      const std::uint32_t middle = low + (high - low + 1) / 2;
      if (whole(survivors(own, middle)) >= own)
        low = middle;
      else
        high = middle - 1;
    }
    harmless_.push_back(low);
  }
}

CacheFootprint::CacheFootprint(const SurvivalTable& table)
    : table_(table), stretches_(least_room), used_again_(least_room) {}

std::uint32_t CacheFootprint::resident_of(FootprintId owner, std::uint32_t enough) const {
  std::uint32_t own = 0, expected = 0;
  for (std::uint32_t i = last_of(owner); i != none && own < capacity(); i = stretches_[i].use.older) {
    const std::uint32_t foreign = newer_than(i) - own;
    if (foreign >= table_.horizon()) break;
    const std::uint32_t lines = stretches_[i].use.lines;
    expected += table_.survivors(own + lines, foreign);
    if (own > 0) expected -= table_.survivors(own, foreign);
    if (SurvivalTable::whole(expected) >= enough) return enough;
    own += lines;
  }
  return SurvivalTable::whole(expected);
}

std::uint32_t CacheFootprint::touch(FootprintId owner, std::uint32_t lines) {
  if (last_of(owner) == none) {
    push(owner, lines);
    return lines;
  }
  Last& last = last_[owner.value];
  // The usual case: used again before anybody else ran.
  const std::uint32_t before = last.use.lines;
  if (last.stretch + 1 == used_ && before >= lines) return 0;
  if (before == lines && table_.harmless(lines, used_since(last.use))) {
    renew(owner, last);
    return 0;
  }
  const std::uint32_t newer = used_since(last.use) - used_again_.after(last.stretch);
  if (newer >= table_.horizon()) {
    push(owner, lines);
    return lines;
  }
  if (before == lines) {
    // It used just these the last time: they move to the front as they are.
    const std::uint32_t lost = table_.lost(lines, newer);
    renew(owner, last);
    return lost;
  }
  const bool all = before > lines && table_.lost(before, newer) == 0;
  const std::uint32_t present = all ? lines : resident_of(owner, lines);
  take_some(owner, lines);
  push(owner, lines);
  return lines - present;
}

inline void CacheFootprint::renew(FootprintId owner, Last& last) {
  used_again_.add(last.stretch, last.use.lines);
  stretches_[last.stretch].use.lines = 0;
  if (used_ == stretches_.size()) {
    const std::uint32_t lines = last.use.lines;
    set_last(owner, last.use.older);
    push(owner, lines);
    return;
  }
  last.use.used_up_to = used_up_to_ += last.use.lines;
  stretches_[last.stretch = used_++] = {owner, last.use};
}

void CacheFootprint::release(FootprintId owner) {
  for (std::uint32_t i = last_of(owner); i != none; i = stretches_[i].use.older) stretches_[i].owner = {};
  if (last_of(owner) != none) last_[owner.value] = {};
}

void CacheFootprint::take_some(FootprintId owner, std::uint32_t lines) {
  std::uint32_t i = last_of(owner);
  while (i != none && lines > 0) {
    Use& use = stretches_[i].use;
    const std::uint32_t part = std::min(use.lines, lines);
    lines -= part;
    use.lines -= part;
    used_again_.add(i, part);
    if (use.lines == 0) i = use.older;
  }
  set_last(owner, i);
}

[[gnu::noinline]] void CacheFootprint::meet(FootprintId owner) { last_.resize(owner.value + 1); }

[[gnu::noinline]] void CacheFootprint::tidy_up() {  // rare: not in the middle of what is not
  struct Kept {
    FootprintId owner;
    std::uint32_t lines;
  };
  std::vector<Kept> kept;  // most recently used first
  std::uint32_t newer = 0;
  for (std::uint32_t i = used_; i-- > 0;) {
    const std::uint32_t lines = stretches_[i].use.lines;
    if (lines == 0) continue;
    const FootprintId owner = stretches_[i].owner;
    if (owner.valid()) last_[owner.value] = {};
    if (newer < table_.horizon()) kept.push_back({owner, lines});
    newer += lines;
  }
  const std::size_t room = std::max(least_room, std::size_t{4} * kept.size());
  if (room != stretches_.size()) {
    stretches_.resize(room);
    used_again_ = SuffixSums(room);
  } else {
    used_again_.clear();
  }
  used_ = 0;
  for (; !kept.empty(); kept.pop_back()) {
    const auto [owner, lines] = kept.back();
    stretches_[used_] = {owner,
                         {.older = last_of(owner), .lines = lines, .used_up_to = used_up_to_ += lines}};
    if (owner.valid()) set_last(owner, used_);
    ++used_;
  }
}

std::string CacheFootprint::audit() const {
  for (std::uint32_t i = 0; i < used_; ++i) {
    // What became empty is in no owner's chain any more.
    const std::uint32_t older = stretches_[i].use.older;
    if (stretches_[i].use.lines > 0 && older != none && stretches_[older].owner != stretches_[i].owner) {
      return fmt::format("stretch {} continues that of another owner", i);
    }
  }
  std::uint32_t newer = 0;
  for (std::uint32_t i = used_; i-- > 0; newer += stretches_[i].use.lines) {
    if (newer_than(i) == newer) continue;
    return fmt::format("{} lines after stretch {}, but {} are noted", newer, i, newer_than(i));
  }
  return {};
}

}  // namespace xensim
