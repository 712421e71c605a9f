/// When and whom Linux 2.4.21 kills for lack of memory (mm/oom_kill.c). Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace xensim {

/// What a process weighs.
struct Burden {
  std::uint64_t mapped_pages = 0;  ///< virtual size, not what is resident
  std::uint64_t ticks = 0;         ///< of processor time, 10 ms
  std::uint64_t age = 0;           ///< ticks since its start
  int nice = 0;
  bool privileged = false;  ///< has the rights of root
};

/// The greater, the rather it goes.
[[nodiscard]] std::uint64_t badness(const Burden& process);

/// Decides, at each failure to free memory, whether it is time. Times are in ticks of 10 ms.
class OutOfMemory {
 public:
  /// True: a process is to be killed now. Failures must have gone on for a second, no two of them more than
  /// five seconds apart, ten of them at least, and the last kill must be five seconds ago.
  [[nodiscard]] bool failed(std::uint64_t now, std::uint64_t free_swap);

 private:
  static constexpr std::uint64_t second = 100;
  std::optional<std::uint64_t> first_, last_, last_kill_;
  std::uint32_t count_ = 0;
};

}  // namespace xensim
