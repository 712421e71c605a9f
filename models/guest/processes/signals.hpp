/// Signals of a process.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "models/guest/processes/call_result.hpp"

namespace xensim {

using SignalNumber = unsigned;  ///< 1 to 64; from 32 on they queue

/// A set of signals, bit n-1 for signal n.
struct SignalSet {
  std::uint64_t bits = 0;

  [[nodiscard]] static constexpr SignalSet of(SignalNumber signal) {
    return {std::uint64_t{1} << (signal - 1)};
  }
  [[nodiscard]] constexpr bool has(SignalNumber signal) const { return (bits >> (signal - 1) & 1) != 0; }
  constexpr bool operator==(const SignalSet&) const = default;
};

namespace signal_number {
inline constexpr SignalNumber kill = 9, user1 = 10, segmentation_fault = 11, broken_pipe = 13, alarm = 14,
                              terminate = 15, child = 17, resume = 18, stop = 19;
}

/// What a process wants done with a signal.
struct SignalAction {
  enum class Kind : std::uint8_t { standard, ignore, handler };
  Kind kind = Kind::standard;
  SignalSet also_blocked{};  ///< while the handler runs
  bool one_shot = false;     ///< back to the standard action once delivered
  bool nested = false;       ///< the signal itself is not blocked in its handler
  bool restart = false;      ///< SA_RESTART: calls that it interrupts are made again, as far as they can be

  bool operator==(const SignalAction&) const = default;
};

/// What return to user mode has to do for a signal.
struct SignalDelivery {
  enum class Kind : std::uint8_t { handler, terminate, stop };
  Kind kind{};
  SignalNumber signal{};
  bool restart = false;  ///< the handler wants the call that it interrupted made again
};

/// The signal state of one process in Linux 2.4.21 (kernel/signal.c, arch/i386/kernel/signal.c). Time at
/// which signals are looked at: every return to user mode.
class Signals {
 public:
  static constexpr SignalNumber last = 64;
  /// What a frame holds, in bytes: registers and trampoline; and the FPU state if it was in use.
  static constexpr std::uint64_t frame_bytes = 188, fpu_bytes = 512;

  explicit Signals(const KernelContext& context) : context_(&context) {}

  /// sigaction: fails with invalid for a signal that cannot be caught.
  [[nodiscard]] CallResult install(SignalNumber signal, const SignalAction& action,
                                   SignalAction* previous = nullptr);
  void block(SignalSet blocked);
  /// What a fork gives the child: actions and what is blocked, nothing pending.
  [[nodiscard]] Signals forked() const;
  /// As exec does: what was handled becomes standard again, what was ignored stays so.
  void reset_handlers();

  /// As kill does once it has found the process; 0 only checks. True: a process whose sleep signals interrupt
  /// is to be woken. One that stops the process and the one that lets it go on take each other back.
  [[nodiscard]] bool send(SignalNumber signal);
  /// For a fault: the process cannot ignore or block it.
  void force(SignalNumber signal);

  /// Test on the way to user mode.
  [[nodiscard]] bool pending() const { return deliverable() != 0; }
  /// SIGKILL, which nobody can block, is among them.
  [[nodiscard]] bool has_kill() const { return pending_.has(signal_number::kill); }
  /// The next signal with consequences: its handler's frame is set up and the handler runs next, or the
  /// process ends or stops. `uses_fpu`: has FPU state to save. Empty: none is left.
  [[nodiscard]] std::optional<SignalDelivery> deliver(bool uses_fpu);
  /// sigreturn from the last handler entered.
  [[nodiscard]] CallResult handler_returns();

  [[nodiscard]] SignalSet blocked() const { return blocked_; }
  [[nodiscard]] std::size_t handlers_entered() const { return frames_.size(); }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  [[nodiscard]] std::string audit() const;

 private:
  struct Frame {
    SignalSet blocked;  ///< to be restored
    bool fpu = false;
  };
  [[nodiscard]] SignalAction& installed(SignalNumber signal) { return actions_[signal - 1]; }
  [[nodiscard]] const SignalAction& installed(SignalNumber signal) const { return actions_[signal - 1]; }
  [[nodiscard]] bool ignored(SignalNumber signal) const;
  [[nodiscard]] std::uint64_t deliverable() const { return pending_.bits & ~blocked_.bits; }
  void set_blocked(SignalSet blocked);
  void discard(SignalNumber signal);
  void dequeue(SignalNumber signal);
  void enter_handler(SignalNumber signal, bool uses_fpu);

  const KernelContext* context_;
  std::array<SignalAction, last> actions_{};
  SignalSet pending_, blocked_;
  std::deque<SignalNumber> queue_;  ///< one entry for each pending; several of a queuing signal
  std::deque<Frame> frames_;        ///< on the user's stack
};

}  // namespace xensim
