/// Calls on names, sizes and times.
#include <utility>

#include "models/guest/files/regular_file.hpp"
#include "models/guest/processes/system_calls.hpp"

namespace xensim {

CallResult SystemCalls::begin_sync(const ProcessFiles& process, unsigned descriptor,
                                   std::shared_ptr<File>& file) {
  context_.did(KernelPath::system_call);
  file = process.table.get(descriptor);
  if (file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::file_sync);
  context_.locked(8);  // the file's semaphore, its lists, big kernel lock
  return {};
}

CallResult SystemCalls::seek(const ProcessFiles& process, unsigned descriptor, std::int64_t offset,
                             SeekFrom from) {
  context_.did(KernelPath::system_call);
  const std::shared_ptr<File> file = process.table.get(descriptor);
  if (file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::file_seek);
  context_.locked(2);  // big kernel lock
  auto* seekable = dynamic_cast<RegularFile*>(file.get());
  if (seekable == nullptr) return CallResult::failed(CallError::invalid);
  if (from == SeekFrom::here) offset += static_cast<std::int64_t>(seekable->position());
  if (from == SeekFrom::end) offset += static_cast<std::int64_t>(files_.inode(seekable->inode()).size);
  if (offset < 0) return CallResult::failed(CallError::invalid);
  seekable->seek(static_cast<std::uint64_t>(offset));
  seekable->at_end = false;
  return {.value = offset};
}

CallResult SystemCalls::fstat(const ProcessFiles& process, unsigned descriptor) {
  context_.did(KernelPath::system_call);
  if (process.table.get(descriptor) == nullptr) return CallResult::failed(CallError::bad_descriptor);
  context_.did(KernelPath::inode_stat_copy);
  return {};
}

CallResult SystemCalls::lock(const ProcessFiles& process, ProcessId caller, unsigned descriptor,
                             FileLocks::Range range, bool again, bool interrupted) {
  if (!again) context_.did(KernelPath::system_call);
  const std::shared_ptr<File> file = process.table.get(descriptor);
  const auto* locked = dynamic_cast<const RegularFile*>(file.get());
  if (locked == nullptr) return CallResult::failed(CallError::bad_descriptor);
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::file_lock);
  context_.locked(2);  // big kernel lock
  FileLocks& locks = files_.inode(locked->inode()).locks;
  locks.waiting.remove(caller);
  if (locks.lock(*file, range)) return {};
  if (interrupted) return CallResult::failed(CallError::restart);
  locks.waiting.add(caller);
  return {.sleeps = true};
}

CallResult SystemCalls::unlock(const ProcessFiles& process, unsigned descriptor, FileLocks::Range range) {
  context_.did(KernelPath::system_call);
  const std::shared_ptr<File> file = process.table.get(descriptor);
  const auto* locked = dynamic_cast<const RegularFile*>(file.get());
  if (locked == nullptr) return CallResult::failed(CallError::bad_descriptor);
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::file_lock);
  context_.locked(2);
  FileLocks& locks = files_.inode(locked->inode()).locks;
  locks.unlock(*file, range);
  CallResult result;
  if (!locks.waiting.empty()) locks.waiting.wake(context_, result.wakes);
  return result;
}

CallResult SystemCalls::statfs(const ProcessFiles& process, std::string_view path) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error != CallError::none) return CallResult::failed(found.error);
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::file_system_stat);
  context_.locked(4);  // lock of the file system, big kernel lock
  constexpr std::uint64_t answer_bytes = 64;
  context_.copied(answer_bytes);
  return {};
}

CallResult SystemCalls::utime(const ProcessFiles& process, std::string_view path) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error != CallError::none) return CallResult::failed(found.error);
  context_.did(KernelPath::file_times);
  files_.touch(*found.inode);
  return {};
}

CallResult SystemCalls::getdents(const ProcessFiles& process, unsigned descriptor,
                                 std::vector<std::string>* names) {
  context_.did(KernelPath::system_call);
  const std::shared_ptr<File> file = process.table.get(descriptor);
  if (file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  auto* opened = dynamic_cast<RegularFile*>(file.get());
  if (opened == nullptr) return CallResult::failed(CallError::not_directory);
  const Inode& inode = files_.inode(opened->inode());
  if (inode.directory == nullptr) return CallResult::failed(CallError::not_directory);
  context_.locked(2);  // the directory's semaphore
  if (std::exchange(opened->at_end, true)) return {};
  std::int64_t count = 0;
  std::uint64_t bytes = 0;
  inode.directory->visit_names([&](std::string_view name) {
    ++count;
    bytes += 20 + name.size();  // of a record
    if (names != nullptr) names->emplace_back(name);
  });
  context_.did(KernelPath::buffer_lookup, inode.directory->blocks());
  context_.locked(4 * std::uint64_t{inode.directory->blocks()});
  context_.did(KernelPath::directory_read, static_cast<std::uint64_t>(count));
  context_.reads(KernelObject::block, inode.number.value, static_cast<std::uint32_t>((count + 3) / 4));
  context_.copied(bytes);
  files_.accessed(inode.number);
  return {.value = count};
}

CallResult SystemCalls::truncate(const ProcessFiles& process, std::string_view path, std::uint64_t size) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error != CallError::none) return CallResult::failed(found.error);
  if (files_.inode(*found.inode).kind == InodeKind::directory) {
    return CallResult::failed(CallError::is_directory);
  }
  context_.did(KernelPath::file_truncate);
  files_.truncate(*found.inode, size);
  return {};
}

CallResult SystemCalls::ftruncate(const ProcessFiles& process, unsigned descriptor, std::uint64_t size) {
  context_.did(KernelPath::system_call);
  const std::shared_ptr<File> file = process.table.get(descriptor);
  if (file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  const auto* opened = dynamic_cast<RegularFile*>(file.get());
  if (opened == nullptr || files_.inode(opened->inode()).kind == InodeKind::directory) {
    return CallResult::failed(CallError::invalid);
  }
  context_.did(KernelPath::file_truncate);
  files_.truncate(opened->inode(), size);
  return {};
}

CallResult SystemCalls::rmdir(const ProcessFiles& process, std::string_view path) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error != CallError::none) return CallResult::failed(found.error);
  const Inode& removed = files_.inode(*found.inode);
  if (removed.directory == nullptr) return CallResult::failed(CallError::not_directory);
  if (!removed.directory->empty()) return CallResult::failed(CallError::not_empty);
  if (found.entry == DentryCache::root()) return CallResult::failed(CallError::invalid);
  entries_.prune_below(found.entry);
  files_.remove_directory(*entries_.inode(entries_.parent(found.entry)), entries_.name(found.entry));
  if (const auto released = entries_.remove(found.entry)) files_.evict(*released);
  return {};
}

CallResult SystemCalls::rename(const ProcessFiles& process, std::string_view from, std::string_view to) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(from);
  lookup_.copy_name(to);
  const PathLookup::Found source = lookup_.walk(from, process.working_directory);
  if (source.error != CallError::none) return CallResult::failed(source.error);
  PathLookup::Found target = lookup_.walk(to, process.working_directory);
  if (!target.entry.valid()) return CallResult::failed(target.error);
  if (target.inode == source.inode) return {};
  if (entries_.is_below(target.entry, source.entry)) return CallResult::failed(CallError::invalid);
  const bool moves_directory = files_.inode(*source.inode).directory != nullptr;
  if (target.inode) {
    if (moves_directory || files_.inode(*target.inode).directory != nullptr) {
      return CallResult::failed(CallError::exists);
    }
    files_.unlink(*entries_.inode(entries_.parent(target.entry)), entries_.name(target.entry));
    if (const auto released = entries_.remove(target.entry)) files_.evict(*released);
    target = lookup_.walk(to, process.working_directory);
  }
  context_.did(KernelPath::rename_names);
  const InodeNumber old_directory = *entries_.inode(entries_.parent(source.entry));
  const InodeNumber new_directory = *entries_.inode(entries_.parent(target.entry));
  const CallError error =
      files_.rename(old_directory, entries_.name(source.entry), new_directory, entries_.name(target.entry));
  if (error != CallError::none) return CallResult::failed(error);
  entries_.move(source.entry, target.entry);
  return {};
}

}  // namespace xensim
