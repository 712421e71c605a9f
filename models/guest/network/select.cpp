#include "models/guest/network/select.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

namespace {
/// A page of wait entries, 24 bytes each behind a header.
constexpr std::size_t entries_per_page = 170;

void keep_below(SelectSets::Set& set, unsigned count) {
  set <<= SelectSets::Set{}.size() - count;
  set >>= SelectSets::Set{}.size() - count;
}
}  // namespace

Select::Select(const KernelContext& context, const FileTable& files, ProcessId process, unsigned count,
               const SelectSets& wanted, bool may_wait)
    : context_(context), files_(files), process_(process), may_wait_(may_wait), wanted_(wanted) {
  count = std::min(count, FileTable::limit);
  for (SelectSets::Set* set : {&wanted_.read, &wanted_.write, &wanted_.except}) keep_below(*set, count);
  const SelectSets::Set any = wanted_.any();
  for (unsigned descriptor = 0; descriptor < count; ++descriptor) {
    if (any[descriptor]) examined_ = descriptor + 1;
  }
}

Select::~Select() {
  for (const WaitEntry& entry : entries_) entry.queue->remove(process_);
}

bool Select::all_open() const {
  const SelectSets::Set any = wanted_.any();
  for (unsigned descriptor = 0; descriptor < examined_; ++descriptor) {
    if (any[descriptor] && !files_.is_open(descriptor)) return false;
  }
  return true;
}

CallResult Select::run(bool last) {
  const bool first = !std::exchange(started_, true);
  if (first) {
    context_.did(KernelPath::select_fixed);
    context_.locked(3);  // the table's lock and unlock, task state
    if (!all_open()) return CallResult::failed(CallError::bad_descriptor);
  }
  CallResult result{.value = scan(first && may_wait_ && !last)};
  result.sleeps = result.value == 0 && may_wait_ && !last;
  if (!result.sleeps) leave_queues(result.wakes);
  for (const WaitEntry& entry : entries_) entry.queue->sleep_again(process_);
  return result;
}

std::int64_t Select::scan(bool wait) {
  ready_ = {};
  std::int64_t found = 0;
  const SelectSets::Set any = wanted_.any();
  context_.did(KernelPath::select_bit, examined_);
  for (unsigned descriptor = 0; descriptor < examined_; ++descriptor) {
    if (any[descriptor]) examine(descriptor, wait && found == 0, found);
  }
  return found;
}

void Select::examine(unsigned descriptor, bool wait, std::int64_t& found) {
  polling_ = files_.get(descriptor);
  if (polling_ == nullptr) return;  // closed by another thread meanwhile
  if (polling_->has_poll()) context_.did(KernelPath::poll_one);
  ++polled_;
  const Readiness readiness = polling_->poll(wait ? this : nullptr);
  polling_ = nullptr;
  const auto sort = [&](const SelectSets::Set& wanted, SelectSets::Set& ready, bool is_ready) {
    if (!wanted[descriptor] || !is_ready) return;
    ready.set(descriptor);
    ++found;
  };
  sort(wanted_.read, ready_.read, readiness.readable);
  sort(wanted_.write, ready_.write, readiness.writable);
  sort(wanted_.except, ready_.except, readiness.exceptional);
}

void Select::wait_on(WaitQueue& queue) {
  if (entries_.size() % entries_per_page == 0) context_.did(KernelPath::poll_table_page);
  context_.did(KernelPath::wait_entry);
  context_.locked(4);  // queue's lock and the file's count, now and when leaving
  queue.add(process_);
  entries_.push_back({&queue, polling_});
}

void Select::leave_queues(Wakes& wakes) {
  for (WaitEntry& entry : entries_) {
    entry.queue->remove(process_);
    drop_reference(context_, std::move(entry.file), wakes);
  }
  entries_.clear();
}

}  // namespace xensim
