/// What is in a recorded load, for people.
#pragma once

#include <string>
#include <vector>

namespace xensim {

struct DescriptionRow {
  std::string name, value;  ///< such as `duration`, `12.5 s`
};
using Description = std::vector<DescriptionRow>;

/// One row a line, values below each other.
[[nodiscard]] std::string text_of(const Description& rows);

}  // namespace xensim
