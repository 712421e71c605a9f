/// Programs as coroutines that read like what they stand for.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace xensim {

/// A coroutine that yields operations to whoever executes it, and is resumed when each is done.
///
///     Program busy_then_rest() {
///       for (;;) { co_yield Compute{8ms}; co_yield Sleep{2ms}; }
///     }
template <class Operation>
class BasicProgram {
 public:
  struct promise_type {
    Operation operation;
    std::exception_ptr error;
    BasicProgram get_return_object() { return BasicProgram{Handle::from_promise(*this)}; }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(Operation next) {
      operation = std::move(next);
      return {};
    }
    static void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
  };

  BasicProgram() = default;
  BasicProgram(BasicProgram&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  BasicProgram& operator=(BasicProgram&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  BasicProgram(const BasicProgram&) = delete;
  BasicProgram& operator=(const BasicProgram&) = delete;
  ~BasicProgram() {
    if (handle_) handle_.destroy();
  }

  /// Runs to the next operation. False when the program has returned. Rethrows what it threw.
  [[nodiscard]] bool advance() {
    handle_.resume();
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return !handle_.done();
  }
  /// The operation asked for by the last `advance` that returned true.
  [[nodiscard]] const Operation& operation() const { return handle_.promise().operation; }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit BasicProgram(Handle handle) : handle_(handle) {}
  Handle handle_;
};

}  // namespace xensim
