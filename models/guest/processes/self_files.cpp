/// The calls on files.
#include <algorithm>
#include <string>
#include <utility>

#include "models/guest/files/journal_credits.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/guest/processes/self_call.hpp"

namespace xensim {
namespace {

/// A call that changes names or sizes, when the journal has room for it.
template <class Body>
Call changing_call(std::uint32_t credits, Body body) {
  return system_call([=, body = std::move(body)](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    if (!kernel.file_calls().may_change(caller, credits)) return {};
    return body(kernel, caller);
  });
}

Call read_call(TransferCall begun) {
  return system_call([call = std::move(begun)](ProcessKernel& kernel, GuestProcess& caller) mutable {
    return kernel.file_calls().read(caller, call, kernel.buffer(Self::longest_transfer));
  });
}
Call write_call(TransferCall begun) {
  return system_call([call = std::move(begun)](ProcessKernel& kernel, GuestProcess& caller) mutable {
    return kernel.file_calls().write(caller, call, kernel.buffer(Self::longest_transfer));
  });
}
TransferCall transfer(std::int64_t descriptor, std::size_t bytes) {
  TransferCall call;
  call.descriptor = descriptor;
  call.bytes = std::min(bytes, Self::longest_transfer);
  return call;
}

}  // namespace

Call Self::open(std::string_view path) const {
  return system_call([path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().open(caller.files, path, {});
  });
}

Call Self::open(std::string_view path, OpenMode mode) const {
  if (!mode.create && !mode.truncate) {
    return system_call([=, path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
      return kernel.calls().open(caller.files, path, mode);
    });
  }
  const std::uint32_t credits = mode.truncate ? journal_credits::truncate : journal_credits::create;
  return changing_call(credits, [=, path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().open(caller.files, path, mode);
  });
}

Call Self::creat(std::string_view path) const { return open(path, {.create = true, .truncate = true}); }

Call Self::close(std::int64_t descriptor) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    if (!kernel.file_calls().may_close(caller, descriptor)) return {};
    return kernel.calls().close(caller.files, descriptor_number(descriptor));
  });
}

Call Self::dup(std::int64_t descriptor) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().dup(caller.files, descriptor_number(descriptor));
  });
}

Call Self::read(std::int64_t descriptor, std::size_t bytes) const {
  return read_call(transfer(descriptor, bytes));
}

Call Self::write(std::int64_t descriptor, std::size_t bytes) const {
  return write_call(transfer(descriptor, bytes));
}

Call Self::write_from(std::int64_t descriptor, Address from, std::size_t bytes) const {
  return system_call([call = transfer(descriptor, bytes), from, has_read = false](
                         ProcessKernel& kernel, GuestProcess& caller) mutable {
    if (!std::exchange(has_read, true)) kernel.reads_memory(caller, from, call.bytes);
    return kernel.file_calls().write(caller, call, kernel.buffer(Self::longest_transfer));
  });
}

Call Self::pread(std::int64_t descriptor, std::size_t bytes, std::uint64_t offset) const {
  TransferCall call = transfer(descriptor, bytes);
  call.offset = offset;
  return read_call(std::move(call));
}

Call Self::pwrite(std::int64_t descriptor, std::size_t bytes, std::uint64_t offset) const {
  TransferCall call = transfer(descriptor, bytes);
  call.offset = offset;
  return write_call(std::move(call));
}

Call Self::lseek(std::int64_t descriptor, std::int64_t offset, SeekFrom from) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().seek(caller.files, descriptor_number(descriptor), offset, from);
  });
}

Call Self::fsync(std::int64_t descriptor) const {
  SyncCall begun;
  begun.descriptor = descriptor;
  return system_call([call = std::move(begun)](ProcessKernel& kernel, GuestProcess& caller) mutable {
    return kernel.file_calls().fsync(caller, call);
  });
}

Call Self::sync() const {
  return system_call([call = FileCalls::SyncAllCall{}](ProcessKernel& kernel, GuestProcess& caller) mutable {
    return kernel.file_calls().sync(caller, call);
  });
}

Call Self::truncate(std::string_view path, std::uint64_t size) const {
  return changing_call(journal_credits::truncate,
                       [=, path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                         return kernel.calls().truncate(caller.files, path, size);
                       });
}

Call Self::ftruncate(std::int64_t descriptor, std::uint64_t size) const {
  return changing_call(journal_credits::truncate, [=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().ftruncate(caller.files, descriptor_number(descriptor), size);
  });
}

Call Self::stat(std::string_view path) const {
  return system_call([path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().stat(caller.files, path);
  });
}

Call Self::fstat(std::int64_t descriptor) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().fstat(caller.files, descriptor_number(descriptor));
  });
}

Call Self::statfs(std::string_view path) const {
  return system_call([path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().statfs(caller.files, path);
  });
}

Call Self::utime(std::string_view path) const {
  return changing_call(journal_credits::inode,
                       [path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                         return kernel.calls().utime(caller.files, path);
                       });
}

Call Self::getdents(std::int64_t descriptor, std::vector<std::string>* names) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    if (!kernel.file_calls().may_access(caller, descriptor)) return {};
    return kernel.calls().getdents(caller.files, descriptor_number(descriptor), names);
  });
}

Call Self::lock(std::int64_t descriptor, std::uint64_t begin, std::uint64_t bytes) const {
  return system_call([=, again = false](ProcessKernel& kernel, GuestProcess& caller) mutable {
    CallResult result = kernel.calls().lock(caller.files, caller.id, descriptor_number(descriptor),
                                            {begin, begin + bytes}, again, again && caller.signals.pending());
    again = result.sleeps;
    return result;
  });
}

Call Self::unlock(std::int64_t descriptor, std::uint64_t begin, std::uint64_t bytes) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().unlock(caller.files, descriptor_number(descriptor), {begin, begin + bytes});
  });
}

Call Self::place_file(std::string_view path, std::uint64_t bytes) const {
  return Call{Call::Kind::instructions,
              [=, path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                return kernel.place_file(caller, path, bytes);
              }};
}

Call Self::place_files(const std::vector<PlacedFile>& files, Bytes keep_free, std::uint32_t sharing) const {
  return Call{Call::Kind::instructions,
              [&files, keep_free, sharing](ProcessKernel& kernel, GuestProcess& caller) {
                return kernel.place_files(caller, files, keep_free, sharing);
              }};
}

Call Self::unlink(std::string_view path) const {
  return changing_call(journal_credits::unlink,
                       [path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                         return kernel.calls().unlink(caller.files, path);
                       });
}

Call Self::rename(std::string_view from, std::string_view to) const {
  return changing_call(journal_credits::unlink, [from = std::string(from), to = std::string(to)](
                                                    ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.calls().rename(caller.files, from, to);
  });
}

Call Self::mkdir(std::string_view path) const {
  return changing_call(journal_credits::create,
                       [path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                         return kernel.calls().mkdir(caller.files, path);
                       });
}

Call Self::rmdir(std::string_view path) const {
  return changing_call(journal_credits::unlink,
                       [path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                         return kernel.calls().rmdir(caller.files, path);
                       });
}

}  // namespace xensim
