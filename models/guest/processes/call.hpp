/// A request of a program to its kernel.
#pragma once

#include <coroutine>
#include <functional>
#include <utility>

#include "models/guest/processes/call_result.hpp"
#include "models/guest/processes/program.hpp"

namespace xensim {

class ProcessKernel;
struct GuestProcess;

/// What a program awaits: lives in its coroutine until the kernel has done it. Made by Self.
class Call {
 public:
  enum class Kind : std::uint8_t {
    system,        ///< through the system call gate
    instructions,  ///< executed by the program itself, which may fault
  };
  /// One step; made again after a sleep, or if the process asks for another step (GuestProcess::again).
  using Body = std::function<CallResult(ProcessKernel&, GuestProcess&)>;

  Call(Kind kind, Body body) : kind_(kind), body_(std::move(body)) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] CallResult step(ProcessKernel& kernel, GuestProcess& caller) { return body_(kernel, caller); }
  /// What the program is told: the value, or as from the real kernel the error, negative.
  void finish(const CallResult& result) {
    const CallError error = is_restart(result.error) ? CallError::interrupted : result.error;
    value_ = error == CallError::none ? result.value : -static_cast<std::int64_t>(error);
  }

  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<Program::promise_type> program) noexcept {
    program.promise().operation = this;
  }
  std::int64_t await_resume() const noexcept { return value_; }

 private:
  Kind kind_;
  Body body_;
  std::int64_t value_ = 0;
};

}  // namespace xensim
