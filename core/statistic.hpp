/// What a component measures, declared once where it is kept: name, unit, kind, help.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

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

/// Counts per value with bounded relative error (1/64), in the manner of HdrHistogram: 64 linear
/// buckets per power of two. Adding is O(1); memory is 8 bytes per bucket in use, at most 29 KiB.
class Histogram {
 public:
  void add(std::uint64_t value, std::uint64_t times = 1);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double mean() const;
  [[nodiscard]] double standard_deviation() const;
  /// The value below which the fraction `q` (0 to 1) of all values lies, to 1/64. 0 if empty.
  [[nodiscard]] std::uint64_t quantile(double q) const;
  [[nodiscard]] std::uint64_t maximum() const { return maximum_; }

 private:
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value);
  [[nodiscard]] static std::uint64_t lowest_in(std::size_t bucket);
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0, maximum_ = 0;
  double sum_ = 0, sum_of_squares_ = 0;
};

/// Samples of a level over time.
struct TimeSeries {
  struct Sample {
    Time at{};
    double value = 0;
  };
  std::vector<Sample> samples;
  void add(Time at, double value) { samples.push_back({at, value}); }
};

}  // namespace xensim
