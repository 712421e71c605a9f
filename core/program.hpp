/// Programs as coroutines that read like what they stand for.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace xensim {

/// A coroutine that yields operations to whoever executes it, and is resumed when each is done.
///
///     Program busy() { for (int i = 0; i < 4; ++i) co_yield Compute{2ms}; }
///
///     Program busy_then_rest() {
///       for (;;) { co_await busy(); co_yield Sleep{2ms}; }
///     }
///
/// A program that awaits another asks for the operations of that one until it has returned. That takes an
/// allocation; operations cost no more than otherwise, at any depth. What is awaited must not have returned
/// before.
template <class Operation>
class [[nodiscard]] BasicProgram {
 public:
  struct promise_type {
    Operation operation;
    std::exception_ptr error;
    promise_type* running = this;     ///< it or, at any depth, what it awaits
    promise_type* awaited = nullptr;  ///< that it has just begun to await
    promise_type* caller = nullptr;   ///< that awaits it
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
    promise_type& own = handle_.promise();
    for (;;) {
      promise_type& running = *own.running;
      const Handle handle = Handle::from_promise(running);
      handle.resume();
      if (promise_type* const awaited = std::exchange(running.awaited, nullptr)) {
        awaited->caller = &running;
        own.running = awaited->running;
      } else if (!handle.done()) {
        return true;
      } else if (&running == &own) {
        await_resume();
        return false;
      } else {
        own.running = running.caller;
      }
    }
  }
  /// The operation asked for by the last `advance` that returned true.
  [[nodiscard]] const Operation& operation() const { return handle_.promise().running->operation; }

  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<promise_type> by) noexcept {
    by.promise().awaited = &handle_.promise();
  }
  void await_resume() const {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit BasicProgram(Handle handle) : handle_(handle) {}
  Handle handle_;
};

}  // namespace xensim
