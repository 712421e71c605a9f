#include "models/guest/journal.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

Journal::Handle::Handle(Journal& journal, std::uint32_t credits) : journal_(journal) {
  const bool outermost = journal_.depth_ == 0;
  if (outermost && !journal_.running()) journal_.started_ = journal_.context_.seconds;
  journal_.context_.did(outermost ? KernelPath::journal_handle : KernelPath::journal_join);
  // Big kernel lock and the journal's semaphore at the start, again at the end.
  journal_.context_.locked(outermost ? 6 : 1);
  ++journal_.depth_;
  if (outermost && journal_.metadata_ + credits > journal_.blocks_ / 4) journal_.wants_commit_ = true;
}

Journal::Handle::~Handle() { --journal_.depth_; }

void Journal::join(BlockNumber block, Joined as) {
  constexpr std::uint32_t lines = 3;  // buffer head and journal head
  context_.uses(as == Joined::data ? KernelObject::data_buffer : KernelObject::buffer, block.value, lines);
  const auto [place, added] = members_.try_emplace(block, Member{as, next_order_});
  if (added) {
    ++next_order_;
    context_.did(KernelPath::journal_head);
  } else if (place->second.as == Joined::data && as != Joined::data) {
    place->second.as = as;  // freed as data, used again for metadata
  } else {
    if (as == Joined::metadata) place->second.as = as;
    return;
  }
  if (as != Joined::data) ++metadata_;
}

void Journal::access(BlockNumber block) {
  context_.did(KernelPath::journal_access);
  // Big lock, journal's semaphore, buffer's lock bit and state bits, journal head, lists: with dirty() the
  // share of each block in the 250 to 400 locked operations that a create executes.
  context_.locked(15);
  join(block, Joined::accessed);
}

void Journal::dirty(BlockNumber block) {
  context_.did(KernelPath::journal_dirty);
  context_.locked(10);
  join(block, Joined::metadata);
}

void Journal::data(BlockNumber block) {
  context_.did(KernelPath::journal_data);
  context_.locked(10);
  join(block, Joined::data);
}

void Journal::forget(BlockNumber block) {
  const auto place = members_.find(block);
  if (place == members_.end()) return;
  context_.did(KernelPath::journal_forget);
  context_.locked(8);
  if (place->second.as != Joined::data) --metadata_;
  members_.erase(place);
}

Transaction Journal::take_running() {
  std::vector<std::pair<std::uint64_t, BlockNumber>> data, metadata;
  for (const auto& [block, member] : members_) {
    if (member.as == Joined::data) data.emplace_back(member.order, block);
    if (member.as == Joined::metadata) metadata.emplace_back(member.order, block);
  }
  const auto in_order = [](auto& members) {
    std::sort(members.begin(), members.end());
    std::vector<BlockNumber> blocks;
    for (const auto& [order, block] : members) blocks.push_back(block);
    return blocks;
  };
  members_.clear();
  metadata_ = 0;
  wants_commit_ = false;
  return {in_order(data), in_order(metadata)};
}

std::string Journal::audit() const {
  std::size_t metadata = 0;
  for (const auto& [block, member] : members_) {
    if (member.as == Joined::data) continue;
    ++metadata;
    if (member.as == Joined::accessed && depth_ == 0)
      return "a block was made ready for a change that never came";
  }
  return metadata == metadata_ ? "" : "the number of metadata blocks is wrong";
}

}  // namespace xensim
