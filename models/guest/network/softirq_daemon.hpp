/// ksoftirqd of one processor.
#pragma once

#include <functional>
#include <utility>

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/processes/call.hpp"
#include "models/guest/processes/guest_process.hpp"

namespace xensim {

/// Goes on with softirqs that were raised again while they ran in an interrupt (kernel/softirq.c of
/// Linux 2.4.21): a thread of lowest priority, so that a flood of packets leaves the processor to programs
/// that compute. It comes into being when it is first needed.
class SoftirqDaemon {
 public:
  /// What a step of a softirq came to.
  enum class Step : std::uint8_t {
    more,       ///< it goes on, after interrupts
    exhausted,  ///< it has had its share, and is raised again
    done,
  };
  using Softirq = std::function<Step(unsigned vcpu)>;

  /// `scheduler` outlives this. The daemon belongs to processor `vcpu`.
  SoftirqDaemon(GuestKernel& scheduler, unsigned vcpu, Softirq softirq)
      : scheduler_(scheduler), vcpu_(vcpu), softirq_(std::move(softirq)) {}
  SoftirqDaemon(const SoftirqDaemon&) = delete;
  SoftirqDaemon& operator=(const SoftirqDaemon&) = delete;

  /// The softirq was raised outside an interrupt or again in one, on the daemon's processor.
  void wake() {
    if (!id_.valid()) {
      id_ = scheduler_.start_thread(vcpu_, "ksoftirqd", run(*this), lowest_priority, vcpu_);
    } else if (std::exchange(asleep_, false)) {
      scheduler_.wake(vcpu_, id_);
    }
  }
  /// It is in the middle of a softirq: what interrupts raise meanwhile is its to do.
  [[nodiscard]] bool in_softirq() const { return in_softirq_; }
  /// Invalid until it was first needed.
  [[nodiscard]] ProcessId id() const { return id_; }

 private:
  static constexpr int lowest_priority = 19;

  static Program run(SoftirqDaemon& daemon) {
    for (;;) co_await daemon.call();
  }
  [[nodiscard]] Call call() {
    return Call{Call::Kind::instructions,
                [this](ProcessKernel& /*kernel*/, GuestProcess& self) -> CallResult {
                  const Step step = softirq_(self.processor);
                  in_softirq_ = step == Step::more;
                  asleep_ = step == Step::done;
                  self.again = step == Step::exhausted;
                  return {.sleeps = asleep_, .pauses = in_softirq_};
                }};
  }

  GuestKernel& scheduler_;
  unsigned vcpu_;
  Softirq softirq_;
  ProcessId id_;
  bool asleep_ = false, in_softirq_ = false;
};

}  // namespace xensim
