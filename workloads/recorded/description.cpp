#include "workloads/recorded/description.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {

std::string text_of(const Description& rows) {
  std::size_t width = 0;
  for (const DescriptionRow& row : rows) width = std::max(width, row.name.size());
  std::string text;
  for (const DescriptionRow& row : rows) text += fmt::format("{:{}}  {}\n", row.name, width, row.value);
  return text;
}

}  // namespace xensim
