#include "models/guest/files/journal_commit.hpp"

namespace xensim {

bool JournalCommit::step(GuestProcess& daemon, Time at) {
  Journal& journal = files_.journal();
  using enum Journal::Phase;
  switch (journal.phase()) {
    case none:
      begin();
      return false;
    case data:
      if (write_data(daemon, at) && all_written(daemon)) next_phase(log);
      return false;
    case log:
      if (write_log(daemon, at) && all_written(daemon)) next_phase(record);
      return false;
    case record:
      if (!write_log(daemon, at) || !all_written(daemon)) return false;
      break;
  }
  journal.end_commit();
  return true;
}

void JournalCommit::begin() {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::journal_commit);
  context_.locked(20);  // big kernel lock, the journal's semaphore and lists
  transaction_ = &files_.journal().begin_commit();
  next_ = 0;
  awaited_.clear();
}

void JournalCommit::next_phase(Journal::Phase phase) {
  Journal& journal = files_.journal();
  journal.enter(phase);
  std::size_t blocks = 1;  // the commit block
  if (phase == Journal::Phase::log) {
    // A descriptor precedes each batch.
    const std::size_t metadata = transaction_->metadata.size();
    blocks = metadata + (metadata + batch - 2) / (batch - 1);
  }
  log_.clear();
  for (std::size_t i = 0; i < blocks; ++i) log_.push_back(journal.log().append());
  next_ = 0;
  awaited_.clear();
}

bool JournalCommit::still_has(const Transaction::Data& data) const {
  if (!data.page.valid()) return false;
  const Page& page = memory_.pages[data.page];
  return page.file != nullptr && page.file != memory_.swap.get() && page.file->on_disk(page.index) &&
         page.file->block(page.index) == data.block.value;
}

bool JournalCommit::write_data(GuestProcess& daemon, Time at) {
  const std::vector<Transaction::Data>& data = transaction_->data;
  for (std::size_t written = 0; next_ < data.size(); ++next_) {
    if (written == batch) return false;
    // What was deleted meanwhile needs no writing.
    if (!still_has(data[next_])) continue;
    const BufferId buffer = BufferId::of(data[next_].page);
    if (!pressure_.io().busy(buffer)) {
      if (!memory_.dirty.contains(buffer)) continue;
      if (!pressure_.io().write(buffer, at)) {
        pressure_.sleep_for_request(daemon, true);
        return false;
      }
      context_.did(KernelPath::buffer_write);
      context_.locked(8);
      ++written;
    }
    awaited_.push_back(buffer);
  }
  return true;
}

bool JournalCommit::write_log(GuestProcess& daemon, Time at) {
  for (std::size_t written = 0; next_ < log_.size(); ++next_, ++written) {
    if (written == batch) return false;
    if (!pressure_.io().write(log_[next_], at)) {
      pressure_.sleep_for_request(daemon, true);
      return false;
    }
    context_.did(KernelPath::journal_log_block);
    context_.locked(20);  // its state bits, the lists it goes through, a buffer head for the log
    awaited_.push_back(BufferId::of(log_[next_]));
  }
  return true;
}

bool JournalCommit::all_written(GuestProcess& daemon) {
  for (; !awaited_.empty(); awaited_.pop_back()) {
    if (!pressure_.io().busy(awaited_.back())) continue;
    pressure_.sleep_for(daemon, awaited_.back());
    return false;
  }
  return true;
}

}  // namespace xensim
