/// What a workload finds when it begins.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "models/guest/processes/call_result.hpp"

namespace xensim {

/// `result` is that of a call that puts files there, `needed` all that such an instance of `workload` has.
/// Throws InputError if they do not fit, rather than have it run without them.
inline void check_set_up(std::int64_t result, std::string_view workload, std::uint32_t instance,
                         Bytes needed) {
  if (result >= 0) return;
  const bool memory = result == -static_cast<std::int64_t>(CallError::no_memory);
  throw InputError(
      {},
      fmt::format("found no room for the files of {}, instance {}: {:.1f} MiB", workload, instance,
                  static_cast<double>(needed.count) / (1 << 20)),
      memory ? "a memory that holds them" : "a file_system that holds them, with what else is on it");
}

/// `result` is that of a call that gives the workload `what`, a port or a name that it has alone on its
/// kernel. Throws InputError if another has it, rather than measure a program that has failed.
inline void check_own(std::int64_t result, std::string_view workload, std::string_view what) {
  if (result >= 0) return;
  throw InputError({}, fmt::format("{} of {} is another program's already", what, workload),
                   "one workload of a kernel that has it: another port, or a domain for each");
}
[[nodiscard]] inline std::string port_name(std::int64_t port) { return fmt::format("port {}", port); }

}  // namespace xensim
