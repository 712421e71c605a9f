#include "models/guest/processes/system_calls.hpp"

#include <utility>

#include "models/guest/files/device.hpp"
#include "models/guest/files/pipe.hpp"
#include "models/guest/files/regular_file.hpp"

namespace xensim {

void SystemCalls::getppid() {
  context_.did(KernelPath::system_call);
  context_.locked(1);  // a barrier in the loop that reads the parent
}

CallResult SystemCalls::open(ProcessFiles& process, std::string_view path, OpenMode mode) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  PathLookup::Found found = lookup_.walk(path, process.working_directory);
  bool is_new = false;
  if (found.error == CallError::none && mode.create && mode.exclusive) {
    return CallResult::failed(CallError::exists);
  }
  if (found.error == CallError::no_entry && mode.create && found.entry.valid()) {
    const CallResult created = create_at(found.entry, InodeKind::regular);
    if (!created.ok()) return created;
    found = {.entry = found.entry, .inode = entries_.inode(found.entry)};
    is_new = true;
  }
  if (found.error != CallError::none) return CallResult::failed(found.error);
  const InodeKind kind = files_.inode(*found.inode).kind;
  if (kind == InodeKind::directory && (mode.create || mode.truncate || mode.append)) {
    return CallResult::failed(CallError::is_directory);
  }
  if (kind == InodeKind::socket) return CallResult::failed(CallError::no_entry);  // ENXIO
  if (mode.truncate && !is_new) files_.truncate(*found.inode);
  context_.did(KernelPath::file_open);
  context_.locked(2);  // the list of all open files
  std::shared_ptr<File> file = opened(found.entry, *found.inode, mode);
  CallResult result = process.table.install(file);
  if (!result.ok()) file->release(result.wakes);
  return result;
}

std::shared_ptr<File> SystemCalls::opened(DentryId entry, InodeNumber inode, OpenMode mode) {
  switch (files_.inode(inode).kind) {
    case InodeKind::zero_device:
      return std::make_shared<ZeroDevice>(context_);
    case InodeKind::null_device:
      return std::make_shared<NullDevice>(context_);
    case InodeKind::regular:
    case InodeKind::directory:
    case InodeKind::socket:
      break;
  }
  return std::make_shared<RegularFile>(context_, files_, entries_, entry, inode, mode);
}

CallResult SystemCalls::create_at(DentryId entry, InodeKind kind) {
  const InodeNumber directory = *entries_.inode(entries_.parent(entry));
  CallResult created = files_.create(directory, entries_.name(entry), kind);
  if (created.ok()) entries_.instantiate(entry, {static_cast<std::uint32_t>(created.value)});
  return created;
}

CallResult SystemCalls::make(const ProcessFiles& process, std::string_view path, InodeKind kind) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error == CallError::none) return CallResult::failed(CallError::exists);
  if (!found.entry.valid()) return CallResult::failed(found.error);
  CallResult created = create_at(found.entry, kind);
  if (created.ok()) created.value = 0;
  return created;
}

CallResult SystemCalls::close(ProcessFiles& process, unsigned descriptor) {
  context_.did(KernelPath::system_call);
  return process.table.close(descriptor);
}

CallResult SystemCalls::dup(ProcessFiles& process, unsigned descriptor) {
  context_.did(KernelPath::system_call);
  return process.table.duplicate(descriptor);
}

CallResult SystemCalls::pipe(ProcessFiles& process, unsigned& write_end) {
  context_.did(KernelPath::system_call);
  context_.did(KernelPath::file_open, 2);
  context_.locked(4);
  const std::optional<PageNumber> page = pipe_pages_ != nullptr ? pipe_pages_->take() : PageNumber{};
  if (!page) return CallResult::failed(CallError::no_memory);
  const auto shared = std::make_shared<Pipe>(context_, pipe_pages_, *page);
  Wakes nobody;
  CallResult result = process.table.install(std::make_shared<PipeEnd>(shared, Pipe::End::read));
  if (!result.ok()) {
    shared->close(Pipe::End::read, nobody);
    return result;
  }
  const CallResult writing = process.table.install(std::make_shared<PipeEnd>(shared, Pipe::End::write));
  if (!writing.ok()) {
    shared->close(Pipe::End::write, nobody);
    (void)process.table.close(static_cast<unsigned>(result.value));
    return writing;
  }
  write_end = static_cast<unsigned>(writing.value);
  return result;
}

CallResult SystemCalls::begin(const ProcessFiles& process, unsigned descriptor, std::shared_ptr<File>& file) {
  context_.did(KernelPath::system_call);
  file = process.table.get(descriptor);
  if (file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  context_.did(KernelPath::file_access);
  context_.locked(1);  // lock of the directory entries, for notification
  return {};
}

CallResult SystemCalls::end(std::shared_ptr<File> file, CallResult result) {
  drop_reference(context_, std::move(file), result.wakes);
  return result;
}

CallResult SystemCalls::read(const ProcessFiles& process, unsigned descriptor, ReadCall& call) {
  const CallResult found = begin(process, descriptor, call.file);
  return found.ok() ? resume(call) : found;
}

CallResult SystemCalls::write(const ProcessFiles& process, unsigned descriptor, WriteCall& call) {
  const CallResult found = begin(process, descriptor, call.file);
  return found.ok() ? resume(call) : found;
}

CallResult SystemCalls::resume(ReadCall& call) {
  CallResult result = call.file->read(call.request);
  return result.goes_on() ? result : end(std::move(call.file), std::move(result));
}

CallResult SystemCalls::resume(WriteCall& call) {
  CallResult result = call.file->write(call.request);
  return result.goes_on() ? result : end(std::move(call.file), std::move(result));
}

CallResult SystemCalls::select(Select& call) {
  context_.did(KernelPath::system_call);
  return call.run();
}

PathLookup::Found SystemCalls::find(const ProcessFiles& process, std::string_view path) {
  lookup_.copy_name(path);
  return lookup_.walk(path, process.working_directory);
}

CallResult SystemCalls::stat(const ProcessFiles& process, std::string_view path) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error != CallError::none) return CallResult::failed(found.error);
  context_.did(KernelPath::inode_stat_copy);
  return {};
}

CallResult SystemCalls::unlink(const ProcessFiles& process, std::string_view path) {
  context_.did(KernelPath::system_call);
  lookup_.copy_name(path);
  const PathLookup::Found found = lookup_.walk(path, process.working_directory);
  if (found.error != CallError::none) return CallResult::failed(found.error);
  if (files_.inode(*found.inode).kind == InodeKind::directory) {
    return CallResult::failed(CallError::is_directory);
  }
  files_.unlink(*entries_.inode(entries_.parent(found.entry)), entries_.name(found.entry));
  if (const auto released = entries_.remove(found.entry)) files_.evict(*released);
  return {};
}

CallResult SystemCalls::sigaction(Signals& signals, SignalNumber signal, const SignalAction& action,
                                  SignalAction* previous) {
  context_.did(KernelPath::system_call);
  return signals.install(signal, action, previous);
}

CallResult SystemCalls::kill(Signals& target, SignalNumber signal, bool& wakes) {
  context_.did(KernelPath::system_call);
  if (signal > Signals::last) return CallResult::failed(CallError::invalid);
  wakes = target.send(signal);
  return {};
}

CallResult SystemCalls::sigreturn(Signals& signals) {
  context_.did(KernelPath::system_call);
  return signals.handler_returns();
}

}  // namespace xensim
