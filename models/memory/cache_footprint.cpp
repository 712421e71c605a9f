#include "models/memory/cache_footprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <utility>

namespace xensim {
namespace {

constexpr std::uint32_t parts = 256;      // of a line
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
  constexpr std::uint32_t loss = parts / 3;  // is rounded away
  while (survivors(small(), harmless_ + 1) + loss >= small() * parts) ++harmless_;
}

CacheFootprint::CacheFootprint(const SurvivalTable& table)
    : table_(table), stretches_(least_room), used_again_(least_room) {}

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
  return (expected + parts / 2) / parts;
}

std::uint32_t CacheFootprint::touch(FootprintId owner, std::uint32_t lines) {
  // The usual case: used again before anybody else ran.
  const std::uint32_t last = last_of(owner);
  if (last != none && last + 1 == used_ && stretches_[last].lines >= lines) return 0;
  const std::uint32_t newer = last == none ? table_.horizon() : newer_than(last);
  if (newer >= table_.horizon()) {
    push(owner, lines);
    return lines;
  }
  if (stretches_[last].lines == lines) {
    // It used just these the last time: they move to the front as they are.
    const bool all = newer <= table_.harmless() && lines <= table_.small();
    const std::uint32_t present = all ? lines : (table_.survivors(lines, newer) + parts / 2) / parts;
    remove(last, lines);
    last_[owner.value] = stretches_[last].older;
    push(owner, lines);
    return lines - std::min(lines, present);
  }
  const std::uint32_t present = std::min(lines, resident(owner));
  take(owner, lines);
  push(owner, lines);
  return lines - present;
}

void CacheFootprint::release(FootprintId owner) {
  for (std::uint32_t i = last_of(owner); i != none; i = stretches_[i].older) stretches_[i].owner = {};
  if (last_of(owner) != none) last_[owner.value] = none;
}

void CacheFootprint::take(FootprintId owner, std::uint32_t lines) {
  for (std::uint32_t i = last_of(owner); i != none && lines > 0;) {
    const std::uint32_t part = std::min(stretches_[i].lines, lines);
    lines -= part;
    remove(i, part);
    const bool empty = stretches_[i].lines == 0;
    i = stretches_[i].older;
    if (empty) last_[owner.value] = i;
  }
}

[[gnu::noinline]] void CacheFootprint::meet(FootprintId owner) { last_.resize(owner.value + 1, none); }

[[gnu::noinline]] void CacheFootprint::tidy_up() {  // rare: not in the middle of what is not
  std::uint32_t first = used_;
  for (std::uint32_t newer = 0; first > 0 && newer < table_.horizon();) newer += stretches_[--first].lines;
  for (std::uint32_t i = 0; i < used_; ++i) {
    if (const FootprintId owner = stretches_[i].owner; owner.valid()) last_[owner.value] = none;
  }
  const std::uint32_t end = std::exchange(used_, 0);
  for (std::uint32_t i = first; i < end; ++i) {
    Stretch kept = stretches_[i];
    if (kept.lines == 0) continue;
    kept.older = kept.owner.valid() ? std::exchange(last_[kept.owner.value], used_) : none;
    kept.used_up_to = used_up_to_ += kept.lines;
    stretches_[used_++] = kept;
  }
  stretches_.resize(std::max(least_room, std::size_t{4} * used_));
  used_again_ = PrefixCounters(stretches_.size());
}

std::string CacheFootprint::audit() const {
  for (std::uint32_t i = 0; i < used_; ++i) {
    // What became empty is in no owner's chain any more.
    const std::uint32_t older = stretches_[i].older;
    if (stretches_[i].lines > 0 && older != none && stretches_[older].owner != stretches_[i].owner) {
      return fmt::format("stretch {} continues that of another owner", i);
    }
  }
  std::uint32_t newer = 0;
  for (std::uint32_t i = used_; i-- > 0; newer += stretches_[i].lines) {
    if (newer_than(i) == newer) continue;
    return fmt::format("{} lines after stretch {}, but {} are noted", newer, i, newer_than(i));
  }
  return {};
}

}  // namespace xensim
