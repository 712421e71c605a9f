/// What an operator can have domain 0 do.
#pragma once

#include <cstdint>

namespace xensim {

enum class ControlVerb : std::uint8_t {
  create,
  destroy,
  pause,
  unpause,
  set_scheduler,
  set_slice,
  limit_network,
  connect,
  disconnect,
  add_rules,
  set_disk,
  set_memory,
  count_,
};

}  // namespace xensim
