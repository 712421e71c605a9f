#include "core/statistic.hpp"

#include <algorithm>

namespace xensim {
namespace {

std::vector<const Statistic*>& all() {
  static std::vector<const Statistic*> statistics;
  return statistics;
}

}  // namespace

Statistic::Statistic(std::string_view name_, std::string_view unit_, Kind kind_, std::string_view help_)
    : name(name_), unit(unit_), help(help_), kind(kind_) {
  auto& statistics = all();
  const auto place = std::lower_bound(statistics.begin(), statistics.end(), name,
                                      [](const Statistic* s, std::string_view n) { return s->name < n; });
  statistics.insert(place, this);
}

const std::vector<const Statistic*>& Statistic::catalogue() { return all(); }

}  // namespace xensim
