/// A run's result as bytes, between processes of one program on one machine.
#pragma once

#include <string>
#include <string_view>

#include "results/run_result.hpp"

namespace xensim {

[[nodiscard]] std::string encode(const RunResult& result);
/// `bytes` must come from `encode`; throws std::out_of_range if they are cut off.
[[nodiscard]] RunResult decode(std::string_view bytes);

}  // namespace xensim
