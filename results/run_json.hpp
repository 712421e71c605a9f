/// One run's result as JSON text, exact: reading it gives the same bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "results/run_result.hpp"

namespace xensim {

/// `{"simulated_s": 1, "events": 2, "audited": false, "metrics": [["name", "unit", 1.5]...], "series":
/// [["name", [[ps, value] ...]]...]}`. Numbers that JSON lacks are strings. O(size); written without building
/// a document, since a sweep does it for every run.
[[nodiscard]] std::string to_json(const RunResult& result);

/// Nothing if `text` is not what `to_json` wrote.
[[nodiscard]] std::optional<RunResult> from_json(std::string_view text);

}  // namespace xensim
