// Calls by which programs talk to each other, and wait for each other or for the time.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "models/guest/process_kernel.hpp"
#include "models/guest/self.hpp"
#include "models/guest/self_call.hpp"

namespace xensim {

Call Self::select(unsigned count, SelectSets& sets, Time timeout) const {
  return system_call([=, &sets, call = std::shared_ptr<Select>{}, until = std::optional<std::uint64_t>{}](
                         ProcessKernel& kernel, GuestProcess& caller) mutable {
    const bool is_first = call == nullptr, is_timed = timeout < never;
    GuestKernel& scheduler = kernel.scheduler();
    // Made again after a signal, it goes on with what is left of its time.
    if (is_first && is_timed && !until) until = scheduler.ticks() + GuestKernel::ticks_of(timeout);
    const std::uint64_t left = until.value_or(0) - std::min(scheduler.ticks(), until.value_or(0));
    CallResult result;
    if (is_first) {
      call = std::make_shared<Select>(kernel.context(), caller.files.table, caller.id, count, sets,
                                      !is_timed || left > 0);
      result = kernel.calls().select(*call);
    } else {
      const bool is_over = is_timed && !scheduler.has_timer(caller.id);
      result = call->run(is_over || caller.signals.pending());
    }
    if (result.sleeps) {
      if (is_first && is_timed) {
        kernel.context().did(KernelPath::sleep_timer);
        scheduler.set_timer(caller.id, left);
      }
      return result;
    }
    scheduler.clear_timer(caller.id);
    const bool interrupted = !is_first && result.ok() && result.value == 0 && caller.signals.pending();
    if (interrupted) {
      result.error = CallError::restart_unhandled;
    } else {
      sets = call->ready();
    }
    call = nullptr;
    return result;
  });
}

Call Self::unix_socket() const {
  return system_call(
      [](ProcessKernel& kernel, GuestProcess& caller) { return kernel.unix_calls().socket(caller.files); });
}

Call Self::unix_pair(SocketPair& pair) const {
  return system_call([&pair](ProcessKernel& kernel, GuestProcess& caller) {
    unsigned other = 0;
    const CallResult result = kernel.unix_calls().pair(caller.files, other);
    if (result.ok()) pair = {result.value, other};
    return result;
  });
}

Call Self::unix_bind(std::int64_t descriptor, std::string_view path) const {
  return system_call([=, path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.unix_calls().bind(caller.files, descriptor_number(descriptor), path);
  });
}

Call Self::unix_listen(std::int64_t descriptor, std::size_t backlog) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    return kernel.unix_calls().listen(caller.files, descriptor_number(descriptor), backlog);
  });
}

Call Self::unix_connect(std::int64_t descriptor, std::string_view path) const {
  return system_call([=, path = std::string(path), call = UnixCalls::Connecting{}](
                         ProcessKernel& kernel, GuestProcess& caller) mutable {
    call.waiting.process = caller.id;
    call.waiting.progress.interrupted = caller.signals.pending();
    return kernel.unix_calls().connect(caller.files, descriptor_number(descriptor), path, call);
  });
}

Call Self::unix_accept(std::int64_t descriptor) const {
  return system_call([=, call = UnixCalls::Accepting{}](ProcessKernel& kernel, GuestProcess& caller) mutable {
    call.waiting.process = caller.id;
    call.waiting.progress.interrupted = caller.signals.pending();
    return kernel.unix_calls().accept(caller.files, descriptor_number(descriptor), call);
  });
}

Call Self::unix_send(std::int64_t descriptor, std::size_t bytes) const {
  return system_call([=, call = WriteCall{}](ProcessKernel& kernel, GuestProcess& caller) mutable {
    if (call.file == nullptr) call.request = {caller.id, kernel.buffer(std::min(bytes, longest_transfer))};
    call.request.progress.interrupted = caller.signals.pending();
    return kernel.unix_calls().send(caller.files, descriptor_number(descriptor), call);
  });
}

Call Self::unix_receive(std::int64_t descriptor, std::size_t bytes) const {
  return system_call([=, call = ReadCall{}](ProcessKernel& kernel, GuestProcess& caller) mutable {
    if (call.file == nullptr) call.request = {caller.id, kernel.buffer(std::min(bytes, longest_transfer))};
    call.request.progress.interrupted = caller.signals.pending();
    return kernel.unix_calls().receive(caller.files, descriptor_number(descriptor), call);
  });
}

Call Self::semget(unsigned count) const {
  return system_call(
      [=](ProcessKernel& kernel, GuestProcess& /*caller*/) { return kernel.semaphores().create(count); });
}

Call Self::semop(std::int64_t set, const std::vector<SemaphoreOperation>& operations) const {
  const auto call = std::make_shared<Semaphores::Sleeper>();
  call->operations = operations;
  return system_call([=](ProcessKernel& kernel, GuestProcess& caller) {
    call->process = caller.id;
    return kernel.semaphores().operate(set, call, caller.signals.pending());
  });
}

Call Self::semctl(std::int64_t set, unsigned semaphore, int value) const {
  return system_call([=](ProcessKernel& kernel, GuestProcess& /*caller*/) {
    return kernel.semaphores().set_value(set, semaphore, value);
  });
}

Call Self::shmget(std::uint32_t bytes) const {
  return system_call(
      [=](ProcessKernel& kernel, GuestProcess& /*caller*/) { return kernel.shared_memory().create(bytes); });
}

Call Self::shmat(std::int64_t segment) const {
  return system_call(
      [=](ProcessKernel& kernel, GuestProcess& caller) { return kernel.attach(caller, segment); });
}

Call Self::existing_file(std::string_view path, Bytes size) const {
  return Call{Call::Kind::instructions,
              [=, path = std::string(path)](ProcessKernel& kernel, GuestProcess& caller) {
                return kernel.place(caller, path,
                                    static_cast<std::uint32_t>((size.count + page_size - 1) / page_size));
              }};
}

Call Self::yield() const {
  return system_call([](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    kernel.context().did(KernelPath::system_call);
    kernel.scheduler().yield(caller.processor);
    return {};
  });
}

Call Self::gettimeofday() const {
  return system_call([](ProcessKernel& kernel, GuestProcess& caller) -> CallResult {
    kernel.context().did(KernelPath::system_call);
    kernel.context().did(KernelPath::time_of_day);
    return {.value = kernel.processor(caller).clock.local() / Time{1us}};
  });
}

}  // namespace xensim
