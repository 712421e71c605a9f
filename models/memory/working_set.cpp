#include "models/memory/working_set.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>

namespace xensim {
namespace {

constexpr std::int64_t smallest_octave = 64;  // bytes
constexpr int octave_count = 21;              // up to 64 MiB

/// The n-th root of a positive number, by Newton's method: only operations that IEEE 754 defines to the
/// last bit.
double root(double value, int n) {
  double x = std::max(1.0, value);
  for (int step = 0; step < 200; ++step) {
    double power = 1;
    for (int i = 1; i < n; ++i) power *= x;
    x = ((n - 1) * x + value / power) / n;
  }
  return x;
}

double power(double base, int exponent) {
  double result = 1;
  for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) result *= base;
  return exponent < 0 ? 1 / result : result;
}

int octave_of(Bytes size) {
  int octave = 0;
  while ((smallest_octave << (octave + 1)) <= size.count) ++octave;
  return octave;
}

/// The part of `whole` that `part` of `of` stands for. One division and one product, each exact to the last
/// bit on every machine.
std::int64_t share(std::int64_t whole, std::int64_t part, std::int64_t of) {
  return static_cast<std::int64_t>(static_cast<double>(whole) *
                                   (static_cast<double>(part) / static_cast<double>(of)));
}

}  // namespace

MissCurve::MissCurve(std::span<const Point> measured) {
  if (measured.size() < 2) throw std::invalid_argument("a miss curve needs two points");
  // Measured sizes are powers of two; between two of them every octave multiplies by the same ratio.
  for (int octave = 0; octave < octave_count; ++octave) {
    std::size_t right = 1;
    while (right + 1 < measured.size() && octave_of(measured[right].size) <= octave) ++right;
    const Point& a = measured[right - 1];
    const Point& b = measured[right];
    const int octaves = octave_of(b.size) - octave_of(a.size);
    if (octaves <= 0 || a.misses_per_kilo_instruction <= 0 || b.misses_per_kilo_instruction <= 0) {
      throw std::invalid_argument("a miss curve needs positive misses at ascending powers of two");
    }
    const double ratio = root(b.misses_per_kilo_instruction / a.misses_per_kilo_instruction, octaves);
    const double here = a.misses_per_kilo_instruction * power(ratio, octave - octave_of(a.size));
    const double half = std::sqrt(ratio), quarter = std::sqrt(half);
    quarters_.insert(quarters_.end(), {here, here * quarter, here * half, here * half * quarter});
  }
}

double MissCurve::at(Bytes size) const {
  // Fourth roots of 1, 2, 4, 8 and 16: the quarters of an octave.
  static const std::array steps{1.0, std::sqrt(std::sqrt(2.0)), std::sqrt(2.0), std::sqrt(std::sqrt(8.0)),
                                2.0};
  const int octave = std::clamp(octave_of(size), 0, octave_count - 2);
  const double position = static_cast<double>(size.count) / static_cast<double>(smallest_octave << octave);
  std::size_t quarter = 0;
  while (quarter < 3 && position >= steps[quarter + 1]) ++quarter;
  const double fraction =
      std::clamp((position - steps[quarter]) / (steps[quarter + 1] - steps[quarter]), 0.0, 1.0);
  const std::size_t i = static_cast<std::size_t>(octave) * 4 + quarter;
  return quarters_[i] + (quarters_[i + 1] - quarters_[i]) * fraction;
}

WorkingSet WorkingSet::constant(std::uint32_t lines, Time miss_price, std::uint32_t pages) {
  WorkingSet set(lines, pages);
  set.nodes_ = {{}, {.lines = lines, .time = miss_price * lines + Time{1}, .work = Time{1}}};
  set.extra_misses_ = lines;
  return set;
}

WorkingSet WorkingSet::from_curve(const MissCurve& curve, double cpi, Frequency clock, Bytes line,
                                  std::uint32_t capacity, Time miss_price, std::uint32_t pages) {
  assert(capacity > 0);
  // Finer steps where the curve is steep: near the cold start. As far as one run of the program can leave
  // a trace in what others find.
  constexpr std::uint32_t per_octave = 8, horizon = 4;
  const double ps_per_instruction = cpi * 1e9 / static_cast<double>(clock.kilohertz);
  const double steady = curve.at(Bytes{line.count * capacity}) / 1000;

  WorkingSet set(capacity, pages);
  set.nodes_.push_back({});
  double time = 0, work = 0;
  for (std::uint32_t lines = 0; lines < horizon * capacity;) {
    const std::uint32_t bound = lines < capacity ? capacity : horizon * capacity;
    const std::uint32_t next = std::min(bound, lines + std::max(1U, lines / per_octave));
    const auto middle = Bytes{std::max(line.count, line.count * (lines + next) / 2)};
    const double misses = curve.at(middle) / 1000;  // per instruction
    const double new_lines = next - lines;
    const double span = new_lines / misses * ps_per_instruction;
    const double extra = new_lines * std::max(0.0, 1 - steady / misses);
    work += span;
    time += span + extra * static_cast<double>(miss_price.count());
    set.extra_misses_ += extra;
    lines = next;
    set.nodes_.push_back({.lines = lines,
                          .time = Time{static_cast<std::int64_t>(time)},
                          .work = Time{static_cast<std::int64_t>(work)}});
  }
  return set;
}

WorkingSet::Position WorkingSet::with_resident(std::uint32_t lines) const {
  if (lines == 0) return nodes_.front();
  lines = std::min(lines, capacity_);
  const auto right = std::upper_bound(nodes_.begin(), nodes_.end(), lines,
                                      [](std::uint32_t l, const Position& node) { return l < node.lines; });
  if (right == nodes_.end()) return nodes_.back();
  const auto left = right - 1;
  const std::int64_t part = lines - left->lines, whole = right->lines - left->lines;
  return {.lines = lines,
          .time = left->time + Time{share((right->time - left->time).count(), part, whole)},
          .work = left->work + Time{share((right->work - left->work).count(), part, whole)}};
}

WorkingSet::Position WorkingSet::at_time(Time time) const {
  const Position& last = nodes_.back();
  if (time >= last.time) return {last.lines, time, last.work + (time - last.time)};
  const auto right = std::upper_bound(nodes_.begin(), nodes_.end(), time,
                                      [](Time t, const Position& node) { return t < node.time; });
  const auto left = right - 1;
  const std::int64_t part = (time - left->time).count(), whole = (right->time - left->time).count();
  return {.lines = left->lines + static_cast<std::uint32_t>(share(right->lines - left->lines, part, whole)),
          .time = time,
          .work = left->work + Time{share((right->work - left->work).count(), part, whole)}};
}

WorkingSet::Position WorkingSet::at_work(Time work) const {
  const Position& last = nodes_.back();
  if (work >= last.work) return {last.lines, last.time + (work - last.work), work};
  const auto right = std::upper_bound(nodes_.begin(), nodes_.end(), work,
                                      [](Time w, const Position& node) { return w < node.work; });
  const auto left = right - 1;
  const std::int64_t part = (work - left->work).count(), whole = (right->work - left->work).count();
  return {.lines = left->lines + static_cast<std::uint32_t>(share(right->lines - left->lines, part, whole)),
          .time = left->time + Time{share((right->time - left->time).count(), part, whole)},
          .work = work};
}

WorkingSet::Progress WorkingSet::run(const Position& start, Time span) const {
  const Position end = at_time(start.time + span);
  // Rounding may put the end of a very short stretch a picosecond before its start.
  const Time work = std::max(Time{}, end.work - start.work);
  // The lines used in this stretch are those that a cold cache would have gathered in it.
  return {.work = work, .touched = at_work(work).lines, .resident = std::min(end.lines, capacity_)};
}

Time WorkingSet::time_for(const Position& start, Time work) const {
  return at_work(start.work + work).time - start.time;
}

}  // namespace xensim
