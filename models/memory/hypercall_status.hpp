/// What hypercalls return.
#pragma once

#include <cstdint>
#include <limits>

namespace xensim {

/// Negated Linux error numbers, or that the caller did not survive it.
enum class HypercallStatus : std::int32_t {
  done = 0,
  not_permitted = -1,
  out_of_memory = -12,
  bad_address = -14,
  invalid = -22,
  killed = std::numeric_limits<std::int32_t>::min(),
};

}  // namespace xensim
