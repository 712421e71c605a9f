/// What somebody complains of.
#pragma once

#include <string>

#include "core/error.hpp"

namespace xensim {

/// The words of the InputError that `call` throws, or "no error".
template <class Call>
[[nodiscard]] std::string complaint_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace xensim
