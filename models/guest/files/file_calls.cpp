#include "models/guest/files/file_calls.hpp"

#include <algorithm>

#include "models/guest/files/journal_credits.hpp"

namespace xensim {

namespace {

/// For one page of a file: itself, what is read ahead of it, an indirect block.
constexpr std::uint32_t pages_of_a_transfer = 4;

RegularFile* regular(const std::shared_ptr<File>& file) { return dynamic_cast<RegularFile*>(file.get()); }

}  // namespace

bool FileCalls::make_room(GuestProcess& caller) {
  return pressure_ == nullptr || !memory_.pages.short_of(pages_of_a_transfer) ||
         pressure_->make_room(caller, pages_of_a_transfer);
}

CallResult FileCalls::read(GuestProcess& caller, TransferCall& call, std::span<std::byte> buffer) {
  if (call.begun && regular(call.reading.file) == nullptr) return resume(caller, call, call.reading);
  if (!call.begun) {
    if (!make_room(caller)) return {};
    call.begun = true;
    call.reading.request = {caller.id, buffer.first(call.bytes)};
    const CallResult found =
        calls_.begin(caller.files, static_cast<unsigned>(call.descriptor), call.reading.file);
    if (!found.ok()) return found;
    RegularFile* file = regular(call.reading.file);
    if (file == nullptr) return resume(caller, call, call.reading);
    if (files_.inode(file->inode()).kind == InodeKind::directory) {
      return calls_.end(std::move(call.reading.file), CallResult::failed(CallError::is_directory));
    }
    call.at = call.offset.value_or(file->position());
    file->read_ahead().begin(call.at, call.bytes);
  }
  RegularFile& file = *regular(call.reading.file);
  while (call.done < call.bytes) {
    const std::uint64_t before = call.done;
    if (!read_page(caller, call, file)) return {};
    if (call.done == before) break;
  }
  if (!may_access(caller, file.inode())) return {};
  files_.accessed(file.inode());
  file.has_read();
  if (!call.offset) file.move_to(call.at + call.done);
  return calls_.end(std::move(call.reading.file), {.value = static_cast<std::int64_t>(call.done)});
}

bool FileCalls::read_page(GuestProcess& caller, TransferCall& call, RegularFile& file) {
  Inode& inode = files_.inode(file.inode());
  const std::uint64_t offset = call.at + call.done;
  const auto index = static_cast<std::uint32_t>(offset / page_size);
  if (pressure_ != nullptr && offset < inode.size) {
    const auto page = inode.page(index);
    const bool missing = !page || memory_.pages[*page].reading;
    if (missing && (page || inode.on_disk(index))) {
      if (!page && !make_room(caller)) return false;
      if (!page && !pressure_->read(inode, index, now(caller))) {
        pressure_->sleep_for_request(caller, false);
        return false;
      }
      if (call.awaited != index) read_ahead(caller, file, index, true);
      call.awaited = index;
      pressure_->sleep_for(caller, BufferId::of(*inode.page(index)));
      return false;
    }
    if (page && call.awaited != index) read_ahead(caller, file, index, false);
    if (!page && !make_room(caller)) return false;
  }
  const CallResult result = files_.read_page(file.inode(), offset, call.bytes - call.done, file.sought());
  call.done += static_cast<std::uint64_t>(result.value);
  return true;
}

void FileCalls::read_ahead(const GuestProcess& caller, RegularFile& file, std::uint32_t index, bool missing) {
  Inode& inode = files_.inode(file.inode());
  const ReadAhead::Chunk chunk =
      file.read_ahead().at(index, missing, static_cast<std::uint32_t>(inode.size / page_size));
  for (std::uint32_t i = chunk.first; i < chunk.first + chunk.pages; ++i) {
    if (inode.page(i) || !inode.on_disk(i)) continue;
    if (memory_.pages.badly_short_of(1) || !pressure_->read(inode, i, now(caller))) break;
  }
}

CallResult FileCalls::write(GuestProcess& caller, TransferCall& call, std::span<const std::byte> buffer) {
  if (call.begun && regular(call.writing.file) == nullptr) return resume(caller, call, call.writing);
  if (!call.begun) {
    if (!make_room(caller)) return {};
    call.begun = true;
    call.writing.request = {caller.id, buffer.first(call.bytes)};
    const CallResult found =
        calls_.begin(caller.files, static_cast<unsigned>(call.descriptor), call.writing.file);
    if (!found.ok()) return found;
    RegularFile* file = regular(call.writing.file);
    if (file == nullptr) return resume(caller, call, call.writing);
    if (files_.inode(file->inode()).kind == InodeKind::directory) {
      return calls_.end(std::move(call.writing.file), CallResult::failed(CallError::is_directory));
    }
  }
  RegularFile& file = *regular(call.writing.file);
  Inode& inode = files_.inode(file.inode());
  if (!writers_.enter(caller, inode, local_time())) return {};
  if (!call.changes_begun) {
    if (write_back_ != nullptr &&
        !write_back_->may_begin(caller, journal_credits::inode, {files_.inode_block(inode.number)})) {
      return {};
    }
    call.changes_begun = true;
    call.at = file.appends() ? inode.size : call.offset.value_or(file.position());
    files_.begin_write(inode.number);
  }
  while (call.done < call.bytes && !call.result) {
    if (!write_page(caller, call, inode)) return {};
  }
  if (write_back_ != nullptr && !write_back_->wrote_oldest(caller, call.owes)) return {};
  if (file.synchronous() && !synchronized(caller, call, inode)) return {};
  if (!call.offset) file.move_to(call.at + call.done);
  CallResult result{.value = static_cast<std::int64_t>(call.done)};
  if (call.done == 0 && call.result) result = *call.result;
  writers_.leave(caller, inode, local_time(), result.wakes);
  return calls_.end(std::move(call.writing.file), std::move(result));
}

void FileCalls::abandon(GuestProcess& caller, Wakes& wakes) {
  if (caller.writes) writers_.leave(caller, files_.inode(*caller.writes), local_time(), wakes);
}

Time FileCalls::local_time() const {
  const Processor* processor = context_.work.processor();
  return processor != nullptr ? processor->clock.local() : Time{};
}

bool FileCalls::write_page(GuestProcess& caller, TransferCall& call, Inode& inode) {
  const std::uint64_t offset = call.at + call.done;
  const std::uint64_t bytes = std::min(call.bytes - call.done, page_size - offset % page_size);
  if (write_back_ != nullptr && !may_write_page(caller, call, inode, offset, bytes)) return false;
  const CallResult result = files_.write_page(inode.number, offset, bytes);
  if (!result.ok()) {
    call.result = result;
    return true;
  }
  call.done += static_cast<std::uint64_t>(result.value);
  if (write_back_ != nullptr) call.owes += write_back_->balance();
  return true;
}

bool FileCalls::may_write_page(GuestProcess& caller, TransferCall& call, Inode& inode, std::uint64_t offset,
                               std::uint64_t bytes) {
  if (!write_back_->wrote_oldest(caller, call.owes)) return false;
  const auto index = static_cast<std::uint32_t>(offset / page_size);
  const auto page = inode.page(index);
  if (!page && !make_room(caller)) return false;
  if (page && memory_.pages[*page].reading) {
    pressure_->sleep_for(caller, BufferId::of(*page));
    return false;
  }
  // Of a page that is not in memory what is not written must be read; only that page.
  if (!page && inode.on_disk(index) && bytes < page_size) {
    if (!pressure_->read(inode, index, now(caller))) {
      pressure_->sleep_for_request(caller, false);
    } else {
      pressure_->sleep_for(caller, BufferId::of(*inode.page(index)));
    }
    return false;
  }
  const BlockNumber inode_block = files_.inode_block(inode.number);
  if (inode.on_disk(index)) return write_back_->may_begin(caller, journal_credits::page, {inode_block});
  return write_back_->may_begin(caller, journal_credits::page, {inode_block, DiskLayout::super_block()});
}

bool FileCalls::synchronized(GuestProcess& caller, TransferCall& call, Inode& inode) {
  if (write_back_ == nullptr) return true;
  if (!write_back_->submitted(caller, inode, call.synchronized)) return false;
  if (!write_back_->written(caller, inode)) return false;
  // A write in place has changed nothing but a time.
  return write_back_->committed(caller, inode.changed_in);
}

CallResult FileCalls::fsync(GuestProcess& caller, SyncCall& call) {
  if (call.file == nullptr) {
    const CallResult found =
        calls_.begin_sync(caller.files, static_cast<unsigned>(call.descriptor), call.file);
    if (!found.ok()) return found;
  }
  const RegularFile* file = regular(call.file);
  if (file == nullptr) return calls_.end(std::move(call.file), CallResult::failed(CallError::invalid));
  if (write_back_ != nullptr && !synchronized(caller, call, files_.inode(file->inode()))) return {};
  return calls_.end(std::move(call.file), {});
}

CallResult FileCalls::synchronize(GuestProcess& caller, MappedSyncCall& call) {
  while (!call.files.empty() && write_back_ != nullptr) {
    auto* inode = dynamic_cast<Inode*>(call.files.front().get());  // shared memory has no disk
    if (inode != nullptr && !synchronized(caller, call.current, *inode)) return {};
    call.current = {};
    call.files.erase(call.files.begin());
  }
  return {};
}

bool FileCalls::synchronized(GuestProcess& caller, SyncCall& call, Inode& inode) {
  if (!call.submitted) {
    inode.written.merge(inode.dirtied_by_mapping);
    if (!write_back_->submitted(caller, inode, call.from)) return false;
    call.submitted = true;
  }
  if (!write_back_->written(caller, inode)) return false;
  // Whatever runs is committed, be it this file's or not.
  const Journal& journal = files_.journal();
  if (call.transaction == 0) {
    call.transaction = journal.running() ? journal.running_number() : journal.running_number() - 1;
  }
  return write_back_->committed(caller, call.transaction);
}

CallResult FileCalls::sync(GuestProcess& caller, SyncAllCall& call) {
  if (!call.begun) {
    call.begun = true;
    context_.did(KernelPath::system_call);
    const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
    context_.did(KernelPath::file_sync);
  }
  if (write_back_ == nullptr) return {};
  const Journal& journal = files_.journal();
  if (call.transaction == 0) {
    call.transaction = journal.running() ? journal.running_number() : journal.running_number() - 1;
  }
  if (!write_back_->committed(caller, call.transaction)) return {};
  if (!write_back_->submitted_all(caller, call.awaited)) return {};
  for (; !call.awaited.empty(); call.awaited.pop_back()) {
    if (!pressure_->io().busy(call.awaited.back())) continue;
    pressure_->sleep_for(caller, call.awaited.back());
    return {};
  }
  return {};
}

bool FileCalls::may_change(GuestProcess& caller, std::uint32_t credits) {
  return write_back_ == nullptr || write_back_->may_begin(caller, credits, {DiskLayout::super_block()});
}

bool FileCalls::may_access(GuestProcess& caller, InodeNumber inode) {
  return write_back_ == nullptr || !files_.accessed_long_ago(inode) ||
         write_back_->may_begin(caller, journal_credits::inode, {files_.inode_block(inode)});
}

bool FileCalls::may_access(GuestProcess& caller, std::int64_t descriptor) {
  if (descriptor < 0) return true;
  const std::shared_ptr<File> file = caller.files.table.peek(static_cast<unsigned>(descriptor));
  const RegularFile* accessed = regular(file);
  return accessed == nullptr || may_access(caller, accessed->inode());
}

bool FileCalls::may_close(GuestProcess& caller, std::int64_t descriptor) {
  if (write_back_ == nullptr || descriptor < 0) return true;
  const std::shared_ptr<File> file = caller.files.table.peek(static_cast<unsigned>(descriptor));
  const RegularFile* closed = regular(file);
  // The last name may be gone, and the inode goes with the descriptor.
  return closed == nullptr || files_.inode(closed->inode()).links > 0 ||
         may_change(caller, journal_credits::truncate);
}

}  // namespace xensim
