/// Which replications of each point of a sweep are run, and which count.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/runner/expansion.hpp"
#include "results/precision.hpp"
#include "results/run_result.hpp"

namespace xensim {

/// A series of runs, as expand() lists them: all of them, or with a precision as many of each point as it
/// takes. What counts depends on the results alone: a run beyond the replication that decided never does,
/// even if it was run.
class Replications {
 public:
  /// `runs` must outlive it.
  Replications(const std::vector<Run>& runs, std::optional<Precision> precision);
  Replications(Replications&&) = delete;  // points look at the precision here

  /// A run has this result. Throws InputError if that lacks the metric whose precision is asked for.
  void take(std::size_t run, const RunResult& result);
  /// A run failed: of its point, only the least number is run.
  void lose(std::size_t run);
  /// Whether it is, or may yet be, among those that count.
  [[nodiscard]] bool matters(std::size_t run) const;

  /// Runs to be done next, in order; empty at the end. Of points that are not decided, up to `ahead` runs
  /// each (at least one), of which all but the first may turn out to be needless. O(runs).
  [[nodiscard]] std::vector<std::size_t> next(std::size_t ahead) const;
  /// Points that no replication has decided yet.
  [[nodiscard]] std::size_t undecided() const;
  /// All that count are done.
  [[nodiscard]] bool complete() const;
  /// Whether the number of runs is known.
  [[nodiscard]] bool fixed() const { return !precision_; }

  /// The runs that count, of points that are decided.
  [[nodiscard]] std::vector<std::size_t> counted() const;
  /// Runs that were done beyond the end of their points.
  [[nodiscard]] std::size_t beyond() const;

  struct Outcome {
    const Run& first;           ///< of the point
    std::int64_t replications;  ///< that count
    double mean, half_width;    ///< the latter in the metric's unit
    bool reached;               ///< the aim
  };
  /// Of each point that is decided; empty without a precision.
  [[nodiscard]] std::vector<Outcome> outcomes() const;
  [[nodiscard]] const std::optional<Precision>& precision() const { return precision_; }

 private:
  struct Point {
    std::size_t first = 0, size = 0;  ///< all its runs
    std::optional<SequentialEstimate> estimate{};
    std::vector<double> values{};  ///< by replication: some may be known before `estimate` can have them
    bool failed = false;
    [[nodiscard]] bool decided() const { return !estimate || estimate->enough(); }
    /// How many runs count; if it is not decided, have counted so far.
    [[nodiscard]] std::size_t count() const;
  };
  /// How many of its runs are to be done, for all that is known.
  [[nodiscard]] std::size_t target(const Point& point, std::size_t ahead) const;

  const std::vector<Run>& runs_;
  const std::optional<Precision> precision_;
  std::vector<Point> points_;
  std::vector<std::size_t> point_of_;  ///< by run
  enum class State : char { missing, done, lost };
  std::vector<State> states_;  ///< by run
};

/// A sentence for each point that has not reached its aim.
[[nodiscard]] std::vector<std::string> describe_missed_aims(const Replications& replications);

}  // namespace xensim
