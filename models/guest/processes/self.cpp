#include "models/guest/processes/self.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "models/guest/processes/process_kernel.hpp"
#include "models/guest/processes/self_call.hpp"

namespace xensim {
namespace {

CallResult succeeded(bool success) { return success ? CallResult{} : CallResult::failed(CallError::invalid); }

/// Accesses one after the other, each followed by `then`. They go on where a fault interrupted them.
template <class AddressOf, class Then>
Call accesses(std::size_t count, Access access, AddressOf address_of, Then then) {
  return Call{Call::Kind::instructions,
              [=, next = std::size_t{0}](ProcessKernel& kernel, GuestProcess& caller) mutable -> CallResult {
                for (; next < count; ++next) {
                  const Address address = address_of(next);
                  if (!kernel.access(caller, address, access)) {
                    return CallResult::failed(CallError::bad_address);
                  }
                  if (caller.again || caller.sleeps) break;
                  then(kernel, caller, address, static_cast<std::uint32_t>(next));
                }
                return {};
              }};
}

constexpr auto nothing_more = [](ProcessKernel&, GuestProcess&, Address, std::uint32_t) {};
constexpr std::uint32_t page_lines = page_size / 64;

/// So many pages from there on.
auto page_of(Address first) {
  return [first](std::size_t i) { return Address{first.value + static_cast<std::uint32_t>(i) * page_size}; };
}
/// How many of `all` lines, counted from the beginning of a page, lie in that page.
constexpr std::uint32_t lines_in(std::uint32_t page, std::uint32_t all) {
  return std::min(all - page * page_lines, page_lines);
}

}  // namespace

Call Self::getppid() const {
  return system_call([](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    kernel.calls().getppid();
    return {.value = caller.parent.valid() ? caller.parent.value : 1};
  });
}

Call Self::fork(const Body& child) const {
  return system_call(
      [child](ProcessKernel& kernel, GuestProcess& caller) { return kernel.fork(caller, child); });
}

Call Self::vfork(const Body& body) const {
  return system_call([body, child = std::int64_t{-1}](ProcessKernel& kernel, GuestProcess& caller) mutable {
    return kernel.vfork(caller, body, child);
  });
}

Call Self::wait() const {
  return system_call([](ProcessKernel& kernel, GuestProcess& caller) { return kernel.wait(caller); });
}

Call Self::wait_for_good() const {
  return system_call([](ProcessKernel& kernel, GuestProcess& caller) {
    caller.rests = true;
    return kernel.wait(caller);
  });
}

Call Self::exec(const ProgramImage& image, const Body& body) const {
  return system_call([image, body](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.exec(caller, image, body);
  });
}

Call Self::jump(const Body& body) const {
  return Call{Call::Kind::instructions, [body](ProcessKernel&, GuestProcess& caller) -> CallResult {
                caller.next_body = std::make_unique<Body>(body);
                return {};
              }};
}

Call Self::touch(Address first, std::uint32_t pages, Access access, std::uint32_t stride) const {
  const auto address_of = [=](std::size_t i) {
    const std::uint32_t address = first.value + static_cast<std::uint32_t>(i) * stride;
    // Nothing says where in its page a word lies; it is not the same place in all of them.
    const std::uint32_t place = (address / page_size * 13 % 63 + 1) * 64;
    return Address{stride == page_size ? address / page_size * page_size + place : address};
  };
  return accesses(pages, access, address_of, nothing_more);
}

Call Self::touch(const std::vector<Address>& addresses, Access access) const {
  return accesses(
      addresses.size(), access, [&addresses](std::size_t i) { return addresses[i]; }, nothing_more);
}

Call Self::touch(std::vector<Address>&& addresses, Access access) const {
  const std::size_t count = addresses.size();
  return accesses(
      count, access, [all = std::move(addresses)](std::size_t i) { return all[i]; }, nothing_more);
}

Call Self::sum(Address array, Bytes size) const {
  const auto pages = static_cast<std::size_t>((size.count + page_size - 1) / page_size);
  const auto lines = static_cast<std::uint32_t>(size.count / 64);
  return accesses(pages, Access::read, page_of(array),
                  [lines](ProcessKernel& kernel, GuestProcess& caller, Address page, std::uint32_t i) {
                    kernel.sums(caller, page, lines_in(i, lines));
                  });
}

Call Self::run_through(const std::vector<Address>& pages, std::uint32_t lines) const {
  return accesses(
      pages.size(), Access::fetch, [&pages](std::size_t i) { return pages[i]; },
      [lines](ProcessKernel& kernel, GuestProcess& caller, Address page, std::uint32_t) {
        kernel.runs_through(caller, page, lines);
      });
}

Call Self::run(Address code, std::uint32_t lines, Cycles time) const {
  const std::uint32_t pages = (lines + page_lines - 1) / page_lines;
  return accesses(pages, Access::fetch, page_of(code),
                  [=](ProcessKernel& kernel, GuestProcess& caller, Address page, std::uint32_t i) {
                    const Cycles each{time.count / pages}, last{time.count - each.count * (pages - 1)};
                    kernel.runs(caller, page, lines_in(i, lines), i + 1 < pages ? each : last);
                  });
}

Call Self::mmap(MapRequest request) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    if (!kernel.file_calls().may_access(caller, request.file)) return {};
    return kernel.map(caller, request);
  });
}

Call Self::munmap(Address start, std::uint32_t length) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    kernel.context().did(KernelPath::system_call);
    return succeeded(caller.space && caller.space->unmap(start, length));
  });
}

Call Self::mprotect(Address start, std::uint32_t length, std::uint8_t protection) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    kernel.context().did(KernelPath::system_call);
    return succeeded(caller.space && caller.space->protect(start, length, protection));
  });
}

Call Self::msync(Address start, std::uint32_t length, Synchronize how) const {
  return system_call([=, call = std::optional<FileCalls::MappedSyncCall>{}](ProcessKernel& kernel,
                                                                            GuestProcess& caller) mutable {
    if (!call) {
      kernel.context().did(KernelPath::system_call);
      call.emplace();
      if (!caller.space || !caller.space->synchronize(start, length, call->files)) {
        return CallResult::failed(CallError::no_memory);
      }
      if (how == Synchronize::later) return CallResult{};
    }
    return kernel.file_calls().synchronize(caller, *call);
  });
}

Call Self::brk(Address end) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    kernel.context().did(KernelPath::system_call);
    if (!caller.space) return CallResult::failed(CallError::no_memory);
    return {.value = caller.space->set_heap_end(end).value};
  });
}

Call Self::pipe(PipeEnds& ends) const {
  return system_call([&ends](ProcessKernel& kernel, GuestProcess& caller) {
    unsigned write_end = 0;
    const CallResult result = kernel.calls().pipe(caller.files, write_end);
    if (result.ok()) ends = {result.value, write_end};
    return result;
  });
}

Call Self::select(unsigned count, const SelectSets& sets) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    Select call(kernel.context(), caller.files.table, caller.id, count, sets, false);
    return kernel.calls().select(call);
  });
}

Call Self::sigaction(SignalNumber signal, SignalAction action) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    SignalAction previous;
    return kernel.calls().sigaction(caller.signals, signal, action, &previous);
  });
}

Call Self::kill(SignalNumber signal) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.kill(caller, caller.id.value, signal);
  });
}

Call Self::kill(std::int64_t process, SignalNumber signal) const {
  return system_call(
      [=](ProcessKernel& kernel, GuestProcess& caller) { return kernel.kill(caller, process, signal); });
}

Call Self::pause() const {
  return system_call([slept = false](ProcessKernel& kernel, GuestProcess& caller) mutable -> CallResult {
    if (!slept) kernel.context().did(KernelPath::system_call);
    slept = !(slept && caller.signals.pending());
    return slept ? CallResult{.sleeps = true} : CallResult::failed(CallError::restart_unhandled);
  });
}

Call Self::alarm(std::uint32_t seconds) const {
  return system_call(
      [=](ProcessKernel& kernel, GuestProcess& caller) { return kernel.set_alarm(caller, seconds); });
}

Call Self::use_fpu() const {
  return Call{Call::Kind::instructions, [](ProcessKernel&, GuestProcess& caller) -> CallResult {
                caller.uses_fpu = true;
                return {};
              }};
}

Call Self::clock() const {
  return Call{Call::Kind::instructions, [](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
                if (caller.readings != nullptr) caller.readings->push_back(kernel.counts());
                return {.value = kernel.processor(caller).clock.local().count()};
              }};
}

Call Self::observe(std::vector<OperationCounts>& readings) const {
  return Call{Call::Kind::instructions, [&readings](ProcessKernel&, GuestProcess& caller) -> CallResult {
                caller.readings = &readings;
                return {};
              }};
}

Call Self::raw_io(const RawTransfer& transfer) const {
  return system_call(
      [transfer](ProcessKernel& kernel, GuestProcess& caller) { return kernel.raw_io(caller, transfer); });
}

Call Self::disk_size(unsigned disk) const {
  return system_call([disk](ProcessKernel& kernel, GuestProcess& /*caller*/) {
    kernel.context().did(KernelPath::system_call);
    return kernel.disk_size(disk);
  });
}

}  // namespace xensim
