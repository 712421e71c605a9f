#include "models/guest/files/journal.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

Journal::Handle::Handle(Journal& journal, std::uint32_t credits) : journal_(journal) {
  const bool outermost = journal_.depth_ == 0;
  journal_.context_.did(outermost ? KernelPath::journal_handle : KernelPath::journal_join);
  // Big kernel lock and the journal's semaphore at the start, again at the end.
  journal_.context_.locked(outermost ? 6 : 1);
  ++journal_.depth_;
  if (outermost && journal_.long_ago_ == 0 && journal_.metadata_ + credits > journal_.blocks_ / 4)
    journal_.wants_commit_ = true;
}

Journal::Handle::~Handle() { --journal_.depth_; }

Journal::Member& Journal::join(BlockNumber block, Joined as) {
  constexpr std::uint32_t lines = 3;  // buffer head and journal head
  context_.uses(as == Joined::data ? KernelObject::data_buffer : KernelObject::buffer, block.value, lines);
  const auto [member, added] = members_.try_emplace(block, {.as = as, .order = next_order_});
  if (added) {
    ++next_order_;
    context_.did(KernelPath::journal_head);
  } else if (member->as == Joined::data && as != Joined::data) {
    member->as = as;  // freed as data, used again for metadata
  } else {
    if (as == Joined::metadata) member->as = as;
    return *member;
  }
  if (as != Joined::data) ++metadata_;
  return *member;
}

void Journal::access(BlockNumber block) {
  context_.did(KernelPath::journal_access);
  // Big lock, journal's semaphore, buffer's lock bit and state bits, journal head, lists: with dirty() the
  // share of each block in the 250 to 400 locked operations that a create executes.
  context_.locked(15);
  if (long_ago_ > 0) return;
  join(block, Joined::accessed);
  if (dirty_ != nullptr) dirty_->remove(BufferId::of(block));  // not before it is in the log again
  if (phase_ != Phase::data) return;
  if (bool* copied = being_committed_.find(block); copied != nullptr && !std::exchange(*copied, true)) {
    context_.did(KernelPath::copy_page);
  }
}

void Journal::dirty(BlockNumber block) {
  context_.did(KernelPath::journal_dirty);
  context_.locked(10);
  if (long_ago_ > 0) return;
  join(block, Joined::metadata);
}

void Journal::data(BlockNumber block, PageNumber page) {
  context_.did(KernelPath::journal_data);
  context_.locked(10);
  if (long_ago_ > 0) return;
  join(block, Joined::data).page = page;
}

void Journal::forget(BlockNumber block) {
  if (dirty_ != nullptr) dirty_->remove(BufferId::of(block));
  log_.forget(block);
  if (being_committed_.contains(block)) freed_.insert(block);
  const Member* const member = members_.find(block);
  if (member == nullptr) return;
  context_.did(KernelPath::journal_forget);
  constexpr std::uint32_t lines = 3;
  const bool is_data = member->as == Joined::data;
  context_.uses(is_data ? KernelObject::data_buffer : KernelObject::buffer, block.value, lines);
  // The buffer's lock bit and count, five state bits, the journal's lists, those of buffers by age and hash,
  // that of unused buffers.
  context_.locked(16);
  if (!is_data) --metadata_;
  members_.erase(block);
}

Transaction Journal::take_running() {
  std::vector<std::pair<std::uint64_t, Transaction::Data>> data;
  std::vector<std::pair<std::uint64_t, BlockNumber>> metadata;
  members_.for_each([&](BlockNumber block, const Member& member) {
    if (member.as == Joined::data) data.push_back({member.order, {block, member.page}});
    if (member.as == Joined::metadata) metadata.emplace_back(member.order, block);
  });
  const auto in_order = [](auto& members) {
    std::ranges::sort(members, {}, [](const auto& member) { return member.first; });
    std::vector<decltype(members.front().second)> blocks;
    for (const auto& [order, block] : members) blocks.push_back(block);
    return blocks;
  };
  members_.clear();
  metadata_ = 0;
  wants_commit_ = false;
  return {in_order(data), in_order(metadata), number_++};
}

Journal::Obstacle Journal::may_begin(std::uint32_t credits) const {
  const std::uint32_t most = blocks_ / 4;
  // A transaction with nothing in it takes any handle.
  if (metadata_ > 0 && metadata_ + credits > most) return Obstacle::full;
  const auto committing = static_cast<std::uint32_t>(being_committed_.size());
  return log_.free() < most + committing ? Obstacle::no_space : Obstacle::none;
}

Transaction& Journal::begin_commit() {
  committing_ = take_running();
  being_committed_.clear();
  for (const BlockNumber block : committing_.metadata) being_committed_.try_emplace(block);
  phase_ = Phase::data;
  return committing_;
}

void Journal::end_commit() {
  // What was freed meanwhile may be data by now, which is written elsewhere: nobody waits for it.
  std::erase_if(committing_.metadata, [&](BlockNumber block) { return freed_.contains(block); });
  log_.committed(committing_.metadata);
  for (const BlockNumber block : committing_.metadata) {
    if (dirty_ != nullptr && !members_.contains(block)) dirty_->add(BufferId::of(block));
  }
  committed_ = committing_.number;
  committing_ = {};
  being_committed_.clear();
  freed_.clear();
  phase_ = Phase::none;
}

std::string Journal::audit() const {
  std::size_t metadata = 0, unchanged = 0;
  members_.for_each([&](BlockNumber, const Member& member) {
    if (member.as != Joined::data) ++metadata;
    if (member.as == Joined::accessed) ++unchanged;
  });
  if (unchanged > 0 && depth_ == 0) return "a block was made ready for a change that never came";
  if (metadata != metadata_) return "the number of metadata blocks is wrong";
  if ((phase_ == Phase::none) != being_committed_.empty() && !being_committed_.empty()) {
    return "blocks are being committed while no commit is going on";
  }
  return log_.audit();
}

}  // namespace xensim
