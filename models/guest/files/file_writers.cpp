#include "models/guest/files/file_writers.hpp"

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/processes/guest_process.hpp"

namespace xensim {

bool FileWriters::enter(GuestProcess& caller, Inode& file, Time now) {
  if (!context_.build.smp) return true;
  FileWriter& its = file.writer;
  if (its.owner == caller.id) return true;
  std::erase(its.waiting, caller.id);
  caller.writes = file.number;
  const bool still_there = its.processor != caller.processor && its.from <= now && now < its.until;
  if (!its.owner && !still_there) {
    its.owner = caller.id;
    its.entered = now;
    return true;
  }
  ++sleeps_;
  context_.did(KernelPath::wait_entry);
  context_.locked(3);  // the queue's lock before and after the sleep, task state
  caller.sleeps = true;
  if (its.owner) {
    its.waiting.push_back(caller.id);
  } else {
    scheduler_.call_after_step(its.processor, caller.id);
  }
  return false;
}

void FileWriters::leave(GuestProcess& caller, Inode& file, Time now, Wakes& wakes) {
  if (!caller.writes) return;
  caller.writes.reset();
  FileWriter& its = file.writer;
  std::erase(its.waiting, caller.id);
  if (its.owner == caller.id) {
    its.owner.reset();
    its.processor = caller.processor;
    its.from = its.entered;
    its.until = now;
  }
  if (its.owner || its.waiting.empty()) return;
  context_.did(KernelPath::wake_process);
  context_.locked(1);
  wakes.push_back({its.waiting.front()});
  its.waiting.erase(its.waiting.begin());
}

}  // namespace xensim
