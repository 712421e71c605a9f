#include "models/memory/cache_footprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace xensim {
namespace {

constexpr std::uint32_t grains = 16;  // per capacity
constexpr double fraction = 256;      // of a line

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

std::uint32_t CacheFootprint::resident(FootprintId owner) const {
  std::uint32_t foreign = 0, own = 0, expected = 0;
  for (std::size_t i = stretches_.size(); i-- > 0 && foreign < table_.horizon() && own < capacity();) {
    const Stretch& stretch = stretches_[i];
    if (stretch.owner != owner) {
      foreign += stretch.lines;
      continue;
    }
    expected += table_.survivors(own + stretch.lines, foreign) - table_.survivors(own, foreign);
    own += stretch.lines;
  }
  return static_cast<std::uint32_t>((expected + fraction / 2) / fraction);
}

std::uint32_t CacheFootprint::touch(FootprintId owner, std::uint32_t lines) {
  // The usual case: used again before anybody else ran.
  if (!stretches_.empty() && stretches_.back().owner == owner && stretches_.back().lines >= lines) return 0;
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
  for (Stretch& stretch : stretches_) {
    if (stretch.owner == owner) stretch.owner = FootprintId{};
  }
}

void CacheFootprint::take(FootprintId owner, std::uint32_t lines) {
  std::uint32_t newer = 0;
  for (std::size_t i = stretches_.size(); i-- > 0 && lines > 0 && newer < table_.horizon();) {
    Stretch& stretch = stretches_[i];
    if (stretch.owner == owner) {
      const std::uint32_t part = std::min(stretch.lines, lines);
      stretch.lines -= part;
      lines -= part;
    }
    newer += stretch.lines;
  }
}

void CacheFootprint::push(FootprintId owner, std::uint32_t lines) {
  if (!stretches_.empty() && stretches_.back().owner == owner) {
    stretches_.back().lines += lines;
    return;
  }
  stretches_.push_back({owner, lines});
  constexpr std::size_t tidy_up = 48;
  if (stretches_.size() < tidy_up) return;
  // Now and then: drop what nothing survives of, and the stretches that became empty.
  std::uint32_t newer = 0;
  std::size_t first = stretches_.size();
  while (first > 0 && newer < table_.horizon()) newer += stretches_[--first].lines;
  std::size_t kept = 0;
  for (std::size_t i = first; i < stretches_.size(); ++i) {
    if (stretches_[i].lines > 0) stretches_[kept++] = stretches_[i];
  }
  stretches_.resize(kept);
}

std::string CacheFootprint::audit() const {
  if (stretches_.empty()) return {};
  const FootprintId last = stretches_.back().owner;
  const std::uint32_t lines = stretches_.back().lines;
  if (resident(last) < std::min(lines, capacity())) {
    return fmt::format("the last owner used {} lines, but {} are there", lines, resident(last));
  }
  return {};
}

}  // namespace xensim
