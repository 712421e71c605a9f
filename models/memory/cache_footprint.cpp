#include "models/memory/cache_footprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "models/memory/binomial.hpp"

namespace xensim {
namespace {

constexpr std::size_t least_room = 4096;  // stretches

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
      // What an owner would not have kept alone is not there to be lost.
      if (alone[i] > 0) sum += grain * stays_below(ways, middle(i) + foreign, sets) / alone[i];
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

std::size_t CacheFootprint::touch_each(std::span<FootprintId> owners) {
  std::size_t missing = 0, done = 0;
  while (true) {
    done = touch_usual(owners, done, missing);
    if (done == owners.size()) return missing;
    const FootprintId owner = owners[done++];
    owners[missing] = owner;
    missing += touch(owner, 1);
  }
}

std::size_t CacheFootprint::touch_usual(std::span<FootprintId> owners, std::size_t done,
                                        std::size_t& missing) {
  // What may be written through references is kept apart from them, so that it stays in registers.
  const std::uint32_t harmless = table_.harmless_to_one(), gone_up_to = gone_up_to_;
  const std::span<Last> last_uses(last_);
  const std::span<Stretch> stretches(stretches_);
  std::uint32_t used = used_, used_up_to = used_up_to_;
  const std::size_t end = std::min(owners.size(), done + (stretches.size() - used));
  for (; done < end; ++done) {
    const FootprintId owner = owners[done];
    if (owner.value >= last_uses.size()) break;
    Last& last = last_uses[owner.value];
    const std::uint32_t since = used_up_to - last.use.used_up_to;
    if (last.use.lines == 1 && since <= harmless) {  // renew()
      used_again_.add(last.stretch, 1);
      stretches[last.stretch].use.lines = 0;
    } else if (last.stretch == none ||
               (last.use.lines == 1 && since >= used_up_to - gone_up_to)) {  // begin()
      last.use.older = last.stretch;
      last.use.lines = 1;
      owners[missing++] = owner;
    } else {
      break;
    }
    last.stretch = used;
    last.use.used_up_to = ++used_up_to;
    stretches[used++] = {owner, last.use};
  }
  used_ = used;
  used_up_to_ = used_up_to;
  return done;
}

[[gnu::noinline]] std::uint32_t CacheFootprint::touch_counting(FootprintId owner, std::uint32_t lines) {
  if (last_of(owner) == none) {
    push(owner, lines);
    return lines;
  }
  Last& last = last_[owner.value];
  const std::uint32_t before = last.use.lines;
  const std::uint32_t newer = used_since(last.use) - used_again_.after(last.stretch);
  if (newer >= table_.horizon()) {
    // What was used after it by no more than the surplus has at least a horizon of newer lines, too.
    gone_up_to_ = last.use.used_up_to + (newer - table_.horizon());
    push(owner, lines);
    return lines;
  }
  if (before == lines) {
    // It used just these the last time: they move to the front as they are.
    const std::uint32_t lost = table_.lost(lines, newer);
    if (used_ < stretches_.size()) {
      renew(owner, last);
    } else {
      take_some(owner, lines);
      push(owner, lines);
    }
    return lost;
  }
  const bool all = before > lines && table_.lost(before, newer) == 0;
  const std::uint32_t present = all ? lines : resident_of(owner, lines);
  take_some(owner, lines);
  push(owner, lines);
  return lines - present;
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

std::uint32_t CacheFootprint::oldest_that_matters() const {
  std::uint32_t low = 0, high = used_;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (newer_than(middle) >= table_.horizon())
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

[[gnu::noinline]] void CacheFootprint::tidy_up() {  // rare: not in the middle of what is not
  const std::uint32_t oldest = oldest_that_matters();
  constexpr std::uint32_t ahead = 16;  // whose owners' uses are on their way from memory
  const auto prefetch_after = [&](std::uint32_t i) {
    if (i + ahead < used_) prefetch(stretches_[i + ahead].owner);
  };
  // Of empty ones too: to look which are would take longer.
  for (std::uint32_t i = 0; i < oldest; ++i) {
    prefetch_after(i);
    if (const FootprintId owner = stretches_[i].owner; owner.valid()) last_[owner.value] = {};
  }
  numbered_from_ = gone_up_to_ = used_up_to_;
  std::uint32_t kept = 0;
  for (std::uint32_t i = oldest; i < used_; ++i) {
    prefetch_after(i);
    const FootprintId owner = stretches_[i].owner;
    Use use{.lines = stretches_[i].use.lines};
    if (use.lines == 0) continue;
    use.used_up_to = used_up_to_ + use.lines;
    if (owner.valid()) {
      Last& last = last_[owner.value];
      const bool has_older = used_since(last.use) < used_up_to_ - numbered_from_;  // that was kept
      if (has_older) use.older = last.stretch;
      last = {kept, use};
    }
    used_up_to_ = use.used_up_to;
    stretches_[kept++] = {owner, use};
  }
  used_ = kept;
  const std::size_t room = std::max(least_room, std::size_t{4} * kept);
  if (room != stretches_.size()) {
    stretches_.resize(room);
    used_again_ = SuffixSums(room);
  } else {
    used_again_.clear();
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
