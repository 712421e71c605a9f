#include "core/event_sets/ladder.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace xensim {

using ladder::Bag;
using ladder::Entry;
using ladder::Front;
using ladder::Rung;
using ladder::Ticks;

namespace {

void distribute(const Bag& bag, Rung& rung) {
  for (const Entry& entry : bag.entries()) {
    if (bag.ordered()) {
      rung.add_newest(entry);
    } else {
      rung.add_older(entry);
    }
  }
}

}  // namespace

void LadderQueue::push_beyond_front(Event& event, Ticks when, std::uint32_t order) {
  const Entry entry{when, order, tickets_.issue(event)};
  event.hook().place = entry.ticket + first_ticket;
  ++entries_;
  std::size_t depth = 0;
  while (when < rungs_[depth]->open()) ++depth;
  rungs_[depth]->add_newest(entry);
  if (front_.empty()) refill();
}

// Fills the empty front from the first bag that holds an event, breaking up bags that are too big for it.
void LadderQueue::refill() {
  while (front_.empty() && entries_ != 0) {
    std::size_t number = inner().first();
    for (; number == Rung::bags; number = inner().first()) --depth_;
    Rung& rung = inner();
    Bag& bag = rung.bag(number);
    if (rung.single_instant(number) && bag.size() > Front::capacity) {
      rung.set_open(rung.begin_of(number));
      bring_to_front(bag.take(Front::capacity));
      continue;
    }
    if (rung.endless(number) && depth_ == 1) {
      begin_anew(bag);
      continue;
    }
    rung.set_open(rung.endless(number) ? outer_open() : std::min(rung.begin_of(number + 1), outer_open()));
    if (bag.size() <= Front::capacity) {
      bring_to_front(bag.take(bag.size()));
    } else {
      const auto [first, last] = bag.range();
      distribute(bag, add_rung(first, last, bag.size()));
    }
    rung.vacate(number);
  }
  if (entries_ == 0 && front_.size() <= comfortable) {
    depth_ = 0;
    limit_ = unlimited;
  } else {
    limit_ = inner().open();
  }
}

// The outermost rung has come to its last bag: begins it anew with what is in there.
void LadderQueue::begin_anew(Bag& bag) {
  std::swap(bag, scratch_);
  const auto [first, last] = scratch_.range();
  depth_ = 0;
  if (scratch_.size() <= Front::capacity) {
    add_rung(last + 1, last + 1 + (last - first), scratch_.size());
    bring_to_front(scratch_.take(scratch_.size()));
  } else {
    distribute(scratch_, add_rung(first, last, scratch_.size()));
  }
  scratch_.clear();
}

// Puts the later half of the full front back to where later events are.
void LadderQueue::spill() {
  const std::size_t kept = Front::capacity / 2;
  const Ticks open = front_.when(kept);
  if (depth_ == 0 || open < inner().start()) {
    // From now on to the last to be moved, so that no other spill will need yet another rung.
    add_rung(last_popped_, front_.when(Front::capacity - 1), Front::capacity);
  }
  while (front_.size() > kept) {
    const Front::Item item = front_.item(front_.size() - 1);
    front_.pop_back();
    const Entry entry{item.when, item.order, tickets_.issue(*item.event)};
    item.event->hook().place = entry.ticket + first_ticket;
    ++entries_;
    inner().add_older(entry);
  }
  inner().set_open(open);
  limit_ = open;
}

// The entries must be in order of insertion, at least those of the same time.
void LadderQueue::bring_to_front(std::span<const Entry> entries) {
  entries_ -= entries.size();
  for (const Entry& entry : entries) {
    Event* const event = tickets_.redeem(entry.ticket);
    if (event != nullptr) {
      event->hook().place = front_.push({event, entry.when, entry.order});
    } else {
      --revoked_;
    }
  }
}

Rung& LadderQueue::add_rung(Ticks first, Ticks last, std::size_t population) {
  if (depth_ == rungs_.size()) rungs_.push_back(std::make_unique<Rung>());
  Rung& rung = *rungs_[depth_++];
  rung.reset(first, last, population);
  return rung;
}

// Drops the entries of cancelled events.
void LadderQueue::sweep() {
  const auto sweep_bag = [this](Bag& bag) {
    entries_ -= bag.sweep([this](const Entry& entry) {
      if (tickets_.event(entry.ticket) != nullptr) return false;
      tickets_.redeem(entry.ticket);
      return true;
    });
  };
  for (std::size_t i = 0; i < depth_; ++i) rungs_[i]->for_each_bag(sweep_bag);
  revoked_ = 0;
}

// Numbers all that is pending anew, in the same order.
void LadderQueue::renumber() {
  next_order_ = 0;
  for (std::size_t rank = 0; rank < front_.size(); ++rank) front_.renumber(rank, next_order_++);
  std::vector<Entry*> entries;
  const auto collect = [&entries](Bag& bag) {
    for (Entry& entry : bag.entries()) entries.push_back(&entry);
  };
  for (std::size_t i = 0; i < depth_; ++i) rungs_[i]->for_each_bag(collect);
  std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) { return *a < *b; });
  for (Entry* entry : entries) entry->order = next_order_++;
}

}  // namespace xensim
