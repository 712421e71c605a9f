/// What a component measures, declared once where it is kept: name, unit, kind, help.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace xensim {

/// What there is to know about a statistic besides its values. Define each as a constant beside the
/// component that keeps it; the definition enters it in the catalogue that `xensim list metrics`
/// prints. Values are reported under a path, `host0/cpu1/` + name.
class Statistic {
 public:
  enum class Kind : std::uint8_t {
    counter,  ///< only grows; a measurement is a difference
    level,    ///< a value at an instant
    summary,  ///< of a histogram
  };

  Statistic(std::string_view name, std::string_view unit, Kind kind, std::string_view help);
  Statistic(const Statistic&) = delete;
  Statistic& operator=(const Statistic&) = delete;
  ~Statistic() = default;

  const std::string_view name, unit, help;
  const Kind kind;

  /// All statistics of the program, by name.
  [[nodiscard]] static const std::vector<const Statistic*>& catalogue();
};

/// Receives values. Components report into one when asked, so that what nobody asks for costs nothing.
class StatisticSink {
 public:
  StatisticSink() = default;
  StatisticSink(const StatisticSink&) = delete;
  StatisticSink& operator=(const StatisticSink&) = delete;
  virtual ~StatisticSink() = default;
  virtual void value(std::string_view path, const Statistic& statistic, double value) = 0;
  /// Might anything whose path begins so be of interest? Saves the trouble of reporting it.
  [[nodiscard]] virtual bool wants(std::string_view prefix) const {
    (void)prefix;
    return true;
  }
};

}  // namespace xensim
