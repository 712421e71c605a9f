/// A thread of the kernel's own that sleeps until it is wanted.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/processes/call.hpp"
#include "models/guest/processes/guest_process.hpp"

namespace xensim {

/// Made when it is first needed. It makes steps as long as there is something to do.
class KernelDaemon {
 public:
  enum class Next : std::uint8_t {
    more,    ///< another step, at once or when what the daemon sleeps for is there
    sleeps,  ///< until it is wanted again
  };
  using Step = std::function<Next(GuestProcess&)>;

  /// `name` stays valid.
  KernelDaemon(GuestKernel& scheduler, std::string_view name, Step step)
      : scheduler_(scheduler), name_(name), step_(std::move(step)) {}
  KernelDaemon(const KernelDaemon&) = delete;
  KernelDaemon& operator=(const KernelDaemon&) = delete;

  /// It is to make steps from now on; called on `vcpu`.
  void want(unsigned vcpu) {
    if (!id_.valid()) {
      id_ = scheduler_.start_thread(vcpu, name_, run(*this));
    } else if (std::exchange(asleep_, false)) {
      scheduler_.wake(vcpu, id_);
    }
  }
  /// Invalid until it was first wanted.
  [[nodiscard]] ProcessId id() const { return id_; }

 private:
  static Program run(KernelDaemon& daemon) {
    for (;;) co_await daemon.call();
  }
  [[nodiscard]] Call call() {
    return Call{Call::Kind::instructions,
                [this](ProcessKernel& /*kernel*/, GuestProcess& self) -> CallResult {
                  const bool more = step_(self) == Next::more;
                  if (more && !self.sleeps) self.again = true;
                  asleep_ = !more;
                  return {.sleeps = !more};
                }};
  }

  GuestKernel& scheduler_;
  std::string_view name_;
  Step step_;
  ProcessId id_;
  bool asleep_ = false;
};

}  // namespace xensim
