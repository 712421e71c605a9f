/// How far a sweep has come, on standard error: a bar with the time left on a terminal, plain lines
/// elsewhere. No colours.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace xensim {

class SweepProgress {
 public:
  enum class Style { silent, lines, bar };
  /// Silent if `quiet`, otherwise by what standard error is.
  [[nodiscard]] static Style style_for(bool quiet);

  /// `found` of `total` runs need not be run.
  SweepProgress(std::string name, std::size_t total, std::size_t found, Style style);
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;
  /// Leaves the last state on the screen, on a line of its own.
  ~SweepProgress();

  void advance() { ++done_; }
  /// `total` runs in all; `more` if results may call for others.
  void expect(std::size_t total, bool more);
  /// `3 of 10 runs`, or `3 of 10 or more runs`.
  [[nodiscard]] std::string counted() const;
  /// Prints if it is time: at most ten times a second on a terminal; as lines, every ten seconds.
  void show();

 private:
  using Clock = std::chrono::steady_clock;
  void print();
  [[nodiscard]] std::string time_left() const;

  std::string name_;
  std::size_t total_, found_, done_;
  bool more_ = false;
  Style style_;
  Clock::time_point start_ = Clock::now(), printed_ = start_;
};

}  // namespace xensim
