#include "models/memory/cache_footprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace xensim {
namespace {

constexpr std::uint32_t grains = 16;      // per capacity
constexpr std::uint32_t fraction = 256;   // of a line
constexpr std::size_t least_room = 1024;  // stretches

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
    : capacity_(lines), grain_((lines + grains - 1) / grains), row_(grains + 1) {
  assert(ways > 0 && lines >= ways);
  const std::uint32_t sets = lines / ways;
  constexpr double nothing = 0.001;  // of the lines
  for (double foreign = 0;; foreign += grain_) {
    double sum = 0;
    table_.push_back(0);
    for (std::uint32_t i = 0; i < grains; ++i) {
      const double own = (i + 0.5) * grain_;
      sum += grain_ * stays_below(ways, own + foreign, sets) / stays_below(ways, own, sets);
      table_.push_back(static_cast<std::uint32_t>(sum * fraction));
    }
    horizon_ = static_cast<std::uint32_t>(foreign);
    if (sum < nothing * lines) break;
  }
}

std::uint32_t SurvivalTable::survivors(std::uint32_t own, std::uint32_t foreign) const {
  if (foreign >= horizon_) return 0;
  own = std::min(own, capacity_);
  const auto column = std::min<std::size_t>(own / grain_, grains - 1);
  const std::uint32_t own_part = own - static_cast<std::uint32_t>(column) * grain_;
  const std::uint32_t* above = &table_[foreign / grain_ * row_ + column];
  const std::uint32_t* below = above + row_;
  const auto along = [&](const std::uint32_t* at) {
    return at[0] + static_cast<std::uint32_t>(std::uint64_t{at[1] - at[0]} * own_part / grain_);
  };
  const std::uint32_t high = along(above), low = along(below);
  return high - static_cast<std::uint32_t>(std::uint64_t{high - low} * (foreign % grain_) / grain_);
}

CacheFootprint::CacheFootprint(const SurvivalTable& table) : table_(table), sums_(least_room + 1) {}

std::uint32_t CacheFootprint::last_of(FootprintId owner) const {
  return owner.value < last_.size() ? last_[owner.value] : none;
}

std::uint32_t CacheFootprint::newer_than(std::uint32_t stretch) const {
  std::uint32_t newer = lines_;
  for (std::uint32_t i = stretch + 1; i > 0; i &= i - 1) newer -= sums_[i];
  return newer;
}

void CacheFootprint::change(std::uint32_t stretch, std::int32_t lines) {
  const auto amount = static_cast<std::uint32_t>(lines);  // modulo 2^32, so that it may be negative
  stretches_[stretch].lines += amount;
  lines_ += amount;
  for (std::uint32_t i = stretch + 1; i < sums_.size(); i += i & (0 - i)) sums_[i] += amount;
}

std::uint32_t CacheFootprint::resident(FootprintId owner) const {
  std::uint32_t own = 0, expected = 0;
  for (std::uint32_t i = last_of(owner); i != none && own < capacity(); i = stretches_[i].older) {
    const std::uint32_t foreign = newer_than(i) - own;
    if (foreign >= table_.horizon()) break;
    const std::uint32_t lines = stretches_[i].lines;
    expected += table_.survivors(own + lines, foreign);
    if (own > 0) expected -= table_.survivors(own, foreign);
    own += lines;
  }
  return (expected + fraction / 2) / fraction;
}

std::uint32_t CacheFootprint::touch(FootprintId owner, std::uint32_t lines) {
  // The usual case: used again before anybody else ran.
  if (!stretches_.empty() && stretches_.back().owner == owner && stretches_.back().lines >= lines) return 0;
  const std::uint32_t last = last_of(owner);
  const std::uint32_t newer = last == none ? table_.horizon() : newer_than(last);
  if (newer >= table_.horizon()) {
    push(owner, lines);
    return lines;
  }
  if (stretches_[last].lines == lines) {
    // It used just these the last time: they move to the front as they are.
    const std::uint32_t present = (table_.survivors(lines, newer) + fraction / 2) / fraction;
    change(last, -static_cast<std::int32_t>(lines));
    last_[owner.value] = stretches_[last].older;
    push(owner, lines);
    return lines - std::min(lines, present);
  }
  const std::uint32_t present = std::min(lines, resident(owner));
  take(owner, lines);
  push(owner, lines);
  return lines - present;
}

void CacheFootprint::ran(FootprintId owner, std::uint32_t touched, std::uint32_t missed) {
  take(owner, touched - std::min(touched, missed));
  push(owner, touched);
}

void CacheFootprint::release(FootprintId owner) {
  for (std::uint32_t i = last_of(owner); i != none; i = stretches_[i].older) stretches_[i].owner = {};
  if (last_of(owner) != none) last_[owner.value] = none;
}

void CacheFootprint::take(FootprintId owner, std::uint32_t lines) {
  for (std::uint32_t i = last_of(owner); i != none && lines > 0;) {
    const std::uint32_t part = std::min(stretches_[i].lines, lines);
    lines -= part;
    change(i, -static_cast<std::int32_t>(part));
    const bool empty = stretches_[i].lines == 0;
    i = stretches_[i].older;
    if (empty) last_[owner.value] = i;
  }
}

void CacheFootprint::push(FootprintId owner, std::uint32_t lines) {
  if (lines == 0) return;
  if (stretches_.size() + 1 == sums_.size()) tidy_up();
  append(owner, lines);
}

void CacheFootprint::append(FootprintId owner, std::uint32_t lines) {
  std::uint32_t older = none;
  if (owner.valid()) {
    if (owner.value >= last_.size()) last_.resize(owner.value + 1, none);
    older = last_[owner.value];
  }
  if (older == none || older + 1 != stretches_.size()) {
    stretches_.push_back({.owner = owner, .lines = 0, .older = older});
    older = static_cast<std::uint32_t>(stretches_.size()) - 1;
    if (owner.valid()) last_[owner.value] = older;
  }
  change(older, static_cast<std::int32_t>(lines));
}

void CacheFootprint::tidy_up() {
  std::vector<Stretch> kept;
  std::uint32_t newer = 0;
  for (std::size_t i = stretches_.size(); i-- > 0;) {
    const Stretch& stretch = stretches_[i];
    if (stretch.owner.valid()) last_[stretch.owner.value] = none;
    if (stretch.lines == 0 || newer >= table_.horizon()) continue;
    kept.push_back(stretch);
    newer += stretch.lines;
  }
  stretches_.clear();
  lines_ = 0;
  sums_.assign(std::max(least_room, 4 * kept.size()) + 1, 0);
  for (auto stretch = kept.rbegin(); stretch != kept.rend(); ++stretch)
    append(stretch->owner, stretch->lines);
}

std::string CacheFootprint::audit() const {
  std::uint32_t newer = 0;
  for (std::uint32_t i = static_cast<std::uint32_t>(stretches_.size()); i-- > 0;) {
    const Stretch& stretch = stretches_[i];
    if (newer_than(i) != newer) {
      return fmt::format("{} lines after stretch {}, but the sums say {}", newer, i, newer_than(i));
    }
    // What became empty is in no owner's chain any more.
    if (stretch.lines > 0 && stretch.older != none && stretches_[stretch.older].owner != stretch.owner) {
      return fmt::format("stretch {} continues that of another owner", i);
    }
    newer += stretch.lines;
  }
  if (newer != lines_) return fmt::format("stretches hold {} lines, but {} are counted", newer, lines_);
  return {};
}

}  // namespace xensim
