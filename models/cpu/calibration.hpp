/// The timing constants of a testbed, each with unit, range, origin and source.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"

namespace xensim {

/// Constants by name, such as `processor.l2_miss_overlap`: read from one file
/// (experiments/calibration/MACHINE.json), where each is
/// `{"value": V, "unit": U, "range": [LOW, HIGH], "origin": O, "source": S}`, with
/// `"cells": [IDS]` if published results entered its value.
class Calibration {
 public:
  /// `document` is the file. Throws InputError for a constant without its parts and for a value outside its
  /// own range.
  explicit Calibration(const Json& document);

  /// The same with other values, for what-if runs: `overrides` is an object from names to values. Throws
  /// InputError for one that names no constant, is not a positive number, or exceeds its range a
  /// thousandfold.
  [[nodiscard]] Calibration with(const Config& overrides) const;

  /// Throws InputError if there is no such constant.
  [[nodiscard]] double value(std::string_view name) const;

  /// All names, in the file's order.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Published results that any constant rests on, such as `table3/L-UP/null_call`: simulating these again
  /// predicts nothing.
  [[nodiscard]] const std::set<std::string, std::less<>>& cells() const { return cells_; }
  /// Of each override outside its constant's range, a remark: it is legal, but its unit may have been
  /// mistaken.
  [[nodiscard]] const std::vector<std::string>& out_of_range() const { return out_of_range_; }

 private:
  struct Constant {
    std::string name, unit;
    double value, low, high;
  };
  void collect(const Config& config, const std::string& prefix);
  [[nodiscard]] const Constant* find(std::string_view name) const;

  std::vector<Constant> constants_;
  std::set<std::string, std::less<>> cells_;
  std::vector<std::string> out_of_range_;
};

}  // namespace xensim
