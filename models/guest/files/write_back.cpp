#include "models/guest/files/write_back.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace xensim {

WriteBack::WriteBack(const KernelContext& context, GuestKernel& scheduler, GuestMemory& memory,
                     FileSystem& files, MemoryPressure& pressure)
    : context_(context),
      scheduler_(scheduler),
      memory_(memory),
      files_(files),
      pressure_(pressure),
      journal_commit_(context, files, memory, pressure),
      flush_(scheduler, "bdflush", [this](GuestProcess& daemon) { return flush_step(daemon); }),
      update_(scheduler, "kupdated", [this](GuestProcess& daemon) { return update_step(daemon); }),
      commit_(scheduler, "kjournald", [this](GuestProcess& daemon) { return commit_step(daemon); }),
      update_alarm_([this](unsigned vcpu) { update_.want(vcpu); }),
      commit_alarm_([this](unsigned vcpu) {
        if (files_.journal().running_number() != commit_timer_) return;
        request_commit();
        commit_.want(vcpu);
      }) {
  files.journal().hand_to(memory.dirty);
  pressure.io().when_written([this](BlockNumber block) {
    // What has changed since is not in place yet.
    if (!memory_.dirty.contains(BufferId::of(block))) files_.journal().log().written(block);
  });
}

WriteBack::~WriteBack() {
  scheduler_.timers().clear(update_alarm_);
  scheduler_.timers().clear(commit_alarm_);
}

std::uint64_t WriteBack::percent_of_low_memory(std::uint64_t percent) const {
  std::uint64_t pages = 0;
  const auto& zones = memory_.pages.zones();
  for (std::size_t i = 0; i < 2; ++i) {  // DMA and normal
    const std::uint64_t size = zones[i].end - zones[i].begin;
    pages += size - std::min<std::uint64_t>(size, zones[i].high);
  }
  return pages * percent / 100;
}

WriteBack::State WriteBack::state() const {
  const std::uint64_t dirty = memory_.dirty.size();
  if (dirty <= percent_of_low_memory(start_percent)) return State::few;
  return dirty > percent_of_low_memory(writers_percent) ? State::too_many : State::many;
}

bool WriteBack::may_stop() const { return memory_.dirty.size() < percent_of_low_memory(stop_percent); }

std::uint32_t WriteBack::balance() {
  const State now = state();
  if (now != State::few) flush_wanted_ = true;
  return now == State::too_many ? batch : 0;
}

template <class Wanted>
std::optional<std::uint32_t> WriteBack::write_some(GuestProcess& caller, std::uint32_t limit, Wanted wanted) {
  std::uint32_t written = 0;
  const auto& buffers = memory_.dirty.oldest_first();
  for (auto next = buffers.begin(); next != buffers.end() && written < limit;) {
    const DirtyBuffers::Buffer buffer = *next++;  // leaves the list when it is written
    if (!wanted(buffer)) break;
    if (pressure_.io().busy(buffer.id)) continue;
    if (!pressure_.io().write(buffer.id, now(caller))) {
      pressure_.sleep_for_request(caller, true);
      return {};
    }
    context_.did(KernelPath::buffer_write);
    context_.locked(8);  // list of buffers, its lock bit and count
    ++written;
  }
  return written;
}

bool WriteBack::wrote_oldest(GuestProcess& caller, std::uint32_t& left) {
  if (left == 0) return true;
  const std::size_t before = memory_.dirty.size();
  const auto written = write_some(caller, left, [](const DirtyBuffers::Buffer&) { return true; });
  const auto gone = static_cast<std::uint32_t>(before - memory_.dirty.size());
  counts_.by_writers += gone;
  left = written ? 0 : left - gone;
  return written.has_value();
}

KernelDaemon::Next WriteBack::flush_step(GuestProcess& daemon) {
  using enum KernelDaemon::Next;
  flush_wanted_ = false;
  const auto written = write_some(daemon, batch, [](const DirtyBuffers::Buffer&) { return true; });
  if (!written) return more;
  counts_.flushed += *written;
  flushed_in_round_ += batch;
  if (*written > 0 && flushed_in_round_ < round) return more;
  flushed_in_round_ = 0;
  return *written > 0 && !may_stop() ? more : sleeps;
}

KernelDaemon::Next WriteBack::update_step(GuestProcess& daemon) {
  using enum KernelDaemon::Next;
  if (!std::exchange(inodes_written_, true)) {
    // Pages that mappings changed have not been in the list.
    files_.visit_inodes([&](Inode& inode) {
      PageSet& dirtied = inode.dirtied_by_mapping;
      for (auto index = dirtied.next(0); index; index = dirtied.next(*index + 1)) {
        const auto page = inode.page(*index);
        if (page && inode.on_disk(*index)) memory_.dirty.add(BufferId::of(*page));
      }
      dirtied.clear();
    });
    request_commit();
  }
  const auto& buffers = memory_.dirty.oldest_first();
  const std::uint64_t tick = scheduler_.ticks();
  // One that is old enough takes its younger neighbours along.
  if (!buffers.empty() && buffers.front().since + age <= tick) {
    const auto written = write_some(daemon, batch, [](const DirtyBuffers::Buffer&) { return true; });
    if (!written) return more;
    counts_.aged += *written;
    if (*written > 0) return more;
  }
  pressure_.io().unplug(now(daemon));
  inodes_written_ = false;
  update_timer_ = false;
  return sleeps;
}

void WriteBack::request_commit() {
  if (files_.journal().running()) commit_wanted_ = files_.journal().running_number();
}

KernelDaemon::Next WriteBack::commit_step(GuestProcess& daemon) {
  using enum KernelDaemon::Next;
  const Journal& journal = files_.journal();
  if (journal.phase() == Journal::Phase::none &&
      (commit_wanted_ < journal.running_number() || !journal.running())) {
    wake(commit_waiters_, daemon.processor);  // for whom nothing is left to wait for
    wake(handle_waiters_, daemon.processor);
    return sleeps;
  }
  const Journal::Phase before = journal.phase();
  if (journal_commit_.step(daemon, now(daemon))) {
    ++counts_.commits;
    wake(commit_waiters_, daemon.processor);
  }
  if (journal.phase() != before) wake(handle_waiters_, daemon.processor);
  return more;
}

void WriteBack::wake(std::vector<ProcessId>& waiters, unsigned vcpu) {
  for (const ProcessId process : std::exchange(waiters, {})) {
    context_.did(KernelPath::wake_process);
    scheduler_.wake(vcpu, process);
  }
}

bool WriteBack::may_begin(GuestProcess& caller, std::uint32_t credits,
                          std::initializer_list<BlockNumber> blocks) {
  const Journal& journal = files_.journal();
  const bool shadowed =
      std::ranges::any_of(blocks, [&](BlockNumber block) { return journal.in_shadow(block); });
  const Journal::Obstacle obstacle = journal.may_begin(credits);
  if (!shadowed && obstacle == Journal::Obstacle::none) return true;
  if (obstacle == Journal::Obstacle::no_space && !checkpoint(caller)) return false;
  if (obstacle == Journal::Obstacle::full) request_commit();
  if (obstacle == Journal::Obstacle::no_space) {
    caller.again = true;
    return false;
  }
  ++counts_.handle_waits;
  context_.did(KernelPath::wait_entry);
  handle_waiters_.push_back(caller.id);
  caller.sleeps = true;
  return false;
}

bool WriteBack::checkpoint(GuestProcess& caller) {
  const Journal& journal = files_.journal();
  const std::set<BlockNumber>* oldest = journal.log().oldest();
  if (oldest == nullptr)
    return committed(caller, journal.phase() == Journal::Phase::none ? journal.running_number()
                                                                     : journal.committed_number() + 1);
  std::uint32_t submitted = 0;
  BlockNumber busy{};
  std::vector<BlockNumber> in_place;
  for (const BlockNumber block : *oldest) {
    const BufferId buffer = BufferId::of(block);
    if (pressure_.io().busy(buffer)) {
      if (!busy.valid()) busy = block;
    } else if (memory_.dirty.contains(buffer) && submitted < batch) {
      if (!pressure_.io().write(block, now(caller))) {
        pressure_.sleep_for_request(caller, true);
        return false;
      }
      context_.did(KernelPath::buffer_write);
      ++counts_.checkpointed;
      ++submitted;
    } else if (journal.in_transaction(block)) {
      return committed(caller, journal.phase() == Journal::Phase::none ? journal.running_number()
                                                                       : journal.committed_number() + 1);
    } else if (!memory_.dirty.contains(buffer)) {
      in_place.push_back(block);  // written since without anybody having said so
    }
  }
  for (const BlockNumber block : in_place) files_.journal().log().written(block);
  if (submitted == 0 && busy.valid()) {
    pressure_.sleep_for(caller, BufferId::of(busy));
    return false;
  }
  return true;
}

bool WriteBack::committed(GuestProcess& caller, std::uint64_t transaction) {
  const Journal& journal = files_.journal();
  if (journal.committed_number() >= transaction) return true;
  if (transaction == journal.running_number() && !journal.running()) return true;  // nothing to commit
  commit_wanted_ = std::max(commit_wanted_, transaction);
  context_.did(KernelPath::wait_entry);
  commit_waiters_.push_back(caller.id);
  caller.sleeps = true;
  return false;
}

bool WriteBack::submitted(GuestProcess& caller, Inode& file, std::uint32_t& from) {
  for (auto next = file.written.next(from); next; next = file.written.next(*next + 1)) {
    from = *next;
    const auto page = file.page(*next);
    if (!page || !memory_.pages[*page].dirty) continue;
    if (memory_.pages[*page].locked) {
      pressure_.sleep_for(caller, BufferId::of(*page));
      return false;
    }
    if (!pressure_.io().write(BufferId::of(*page), now(caller))) {
      pressure_.sleep_for_request(caller, true);
      return false;
    }
    context_.did(KernelPath::buffer_write);
    context_.locked(8);
  }
  return true;
}

bool WriteBack::submitted_all(GuestProcess& caller, std::vector<BufferId>& busy) {
  while (!memory_.dirty.oldest_first().empty()) {
    const BufferId buffer = memory_.dirty.oldest_first().front().id;
    if (pressure_.io().busy(buffer)) {
      pressure_.sleep_for(caller, buffer);
      return false;
    }
    if (!pressure_.io().write(buffer, now(caller))) {
      pressure_.sleep_for_request(caller, true);
      return false;
    }
    context_.did(KernelPath::buffer_write);
    context_.locked(8);
    busy.push_back(buffer);
  }
  return true;
}

bool WriteBack::written(GuestProcess& caller, Inode& file) {
  for (auto next = file.written.next(0); next; next = file.written.next(*next + 1)) {
    const auto page = file.page(*next);
    if (page && memory_.pages[*page].locked) {
      pressure_.sleep_for(caller, BufferId::of(*page));
      return false;
    }
    const bool changed_since = page && memory_.pages[*page].dirty;
    if (!changed_since) file.written.erase(*next);
  }
  return true;
}

void WriteBack::after_step(unsigned vcpu) {
  const Journal& journal = files_.journal();
  if (journal.running() && commit_timer_ != journal.running_number()) {
    commit_timer_ = journal.running_number();
    scheduler_.timers().set(commit_alarm_, scheduler_.ticks() + commit_interval);
  }
  if (!update_timer_ && (journal.running() || memory_.dirty.size() > 0)) {
    update_timer_ = true;
    scheduler_.timers().set(update_alarm_, (scheduler_.ticks() / update_interval + 1) * update_interval);
  }
  if (std::exchange(flush_wanted_, false)) flush_.want(vcpu);
  if (journal.phase() != Journal::Phase::none ||
      (journal.running() && commit_wanted_ >= journal.running_number())) {
    commit_.want(vcpu);
  }
}

}  // namespace xensim
