/// What the files of Self's calls share.
#pragma once

#include <cstdint>
#include <utility>

#include "models/guest/processes/call.hpp"

namespace xensim {

template <class Body>
Call system_call(Body body) {
  return Call{Call::Kind::system, std::move(body)};
}

constexpr unsigned descriptor_number(std::int64_t descriptor) { return static_cast<unsigned>(descriptor); }

}  // namespace xensim
