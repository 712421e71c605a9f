#include "models/guest/files/journal_log.hpp"

#include <fmt/format.h>

#include <utility>

namespace xensim {

BlockNumber JournalLog::append() {
  const BlockNumber block{first_.value + head_};
  head_ = head_ + 1 < blocks_ ? head_ + 1 : 1;
  ++used_;
  ++appended_;
  return block;
}

void JournalLog::committed(std::span<const BlockNumber> metadata) {
  for (const BlockNumber block : metadata) written(block);
  Logged& logged = transactions_.emplace_back(
      Logged{next_number_++, std::exchange(appended_, 0), {metadata.begin(), metadata.end()}});
  for (const BlockNumber block : metadata) latest_.try_emplace(block, logged.number);
  drop_finished();
}

void JournalLog::written(BlockNumber block) {
  const std::uint64_t* const latest = latest_.find(block);
  if (latest == nullptr) return;
  transactions_[*latest - transactions_.front().number].not_in_place.erase(block);
  latest_.erase(block);
  drop_finished();
}

void JournalLog::drop_finished() {
  while (!transactions_.empty() && transactions_.front().not_in_place.empty()) {
    used_ -= transactions_.front().log_blocks;
    transactions_.pop_front();
  }
}

std::string JournalLog::audit() const {
  std::uint32_t used = appended_;
  std::size_t waiting = 0;
  for (const Logged& logged : transactions_) {
    used += logged.log_blocks;
    waiting += logged.not_in_place.size();
    for (const BlockNumber block : logged.not_in_place) {
      const std::uint64_t* const latest = latest_.find(block);
      if (latest == nullptr || *latest != logged.number) {
        return fmt::format("two transactions wait for block {}", block.value);
      }
    }
  }
  if (used != used_) return fmt::format("{} blocks of the journal are in use, {} counted", used, used_);
  if (waiting != latest_.size()) return "the journal waits for a block of no transaction";
  return used_ < blocks_ ? "" : "the journal is overfull";
}

}  // namespace xensim
