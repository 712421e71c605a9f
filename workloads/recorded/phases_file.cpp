#include "workloads/recorded/phases_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>

#include "core/config.hpp"
#include "core/error.hpp"
#include "workloads/recorded/text_lines.hpp"

namespace xensim {
namespace {

constexpr std::string_view expected_columns =
    "a first line task,run_us,block_us (closed loop) or task,time_us,run_us (open loop)";
constexpr std::int64_t ps_per_us = 1'000'000;

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

class PhasesReader {
 public:
  PhasesReader(std::istream& input, const std::string& name)
      : lines_(input, name, expected_columns), name_(name) {}

  RecordedPhases read() {
    if (!next()) fail("an empty file", expected_columns);
    read_header();
    while (next()) read_phase();
    if (phases_ == 0) fail("no phase", "one at least behind the first line");
    return std::move(read_);
  }

 private:
  enum Column : std::uint8_t { task, run, block, time, columns };
  static constexpr std::size_t longest_name = 100;
  static constexpr std::array<std::string_view, columns> column_names{"task", "run_us", "block_us",
                                                                      "time_us"};

  [[noreturn]] void fail(std::string_view found, std::string_view expected,
                         std::string_view nearest_name = {}) const {
    throw InputError({.file = name_, .line = static_cast<int>(lines_.number())},
                     fmt::format("found {}", found), expected, nearest_name);
  }

  /// The next line that says something. False: there is none.
  bool next() {
    while (const auto text = lines_.next()) {
      line_ = without_blanks(*text);
      if (!line_.empty() && line_.front() != '#') return true;
    }
    return false;
  }

  std::string_view cell() {
    const std::size_t end = line_.find(',');
    const std::string_view text = without_blanks(line_.substr(0, end));
    line_ = end == std::string_view::npos ? std::string_view{} : line_.substr(end + 1);
    return text;
  }

  void read_header() {
    std::array<bool, columns> seen{};
    const auto cells = std::count(line_.begin(), line_.end(), ',') + 1;
    if (cells > columns) fail(fmt::format("{} columns", cells), expected_columns);
    for (std::ptrdiff_t i = 0; i < cells; ++i) {
      const std::string_view name = cell();
      const auto found = std::ranges::find(column_names, name);
      if (found == column_names.end()) {
        const std::vector<std::string> names(column_names.begin(), column_names.end());
        fail("column " + TextLine::quoted(name), expected_columns, nearest(name, names));
      }
      const auto column = static_cast<Column>(found - column_names.begin());
      if (seen[column]) fail(fmt::format("column \"{}\" twice", name), "each once");
      seen[column] = true;
      order_.push_back(column);
    }
    if (!seen[run]) fail("no column \"run_us\"", expected_columns);
    if (seen[block] == seen[time]) {
      fail(seen[block] ? "columns \"block_us\" and \"time_us\"" : "no column \"block_us\" or \"time_us\"",
           expected_columns);
    }
    read_.open_loop = seen[time];
    if (!seen[task]) (void)task_called("");
  }

  void read_phase() {
    if (phases_ == RecordedPhases::most_phases) {
      fail("too many phases", fmt::format("at most {} in a file", RecordedPhases::most_phases));
    }
    const auto cells = static_cast<std::size_t>(std::count(line_.begin(), line_.end(), ',')) + 1;
    if (cells != order_.size()) {
      fail(fmt::format("{} values", cells), fmt::format("{}, as there are columns", order_.size()));
    }
    RecordedPhase phase;
    RecordedPhases::Task* of = read_.tasks.empty() ? nullptr : &read_.tasks.front();
    for (const Column column : order_) {
      const std::string_view text = cell();
      if (column == task) {
        of = &task_called(text);
      } else {
        (column == run ? phase.run : phase.other) = microseconds(text);
      }
    }
    if (read_.open_loop && !of->phases.empty() && phase.other < of->phases.back().other) {
      fail("a time before that of the task's last line", "lines in order of time");
    }
    of->phases.push_back(phase);
    ++phases_;
  }

  RecordedPhases::Task& task_called(std::string_view name) {
    if (const auto known = numbers_.find(name); known != numbers_.end()) return read_.tasks[known->second];
    const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"'; };
    if (name.size() > longest_name || !std::ranges::all_of(name, is_plain)) {
      fail("a task named " + TextLine::quoted(name),
           fmt::format("up to {} printable characters of ASCII without quotes", longest_name));
    }
    if (read_.tasks.size() == RecordedPhases::most_tasks) {
      fail("too many tasks", fmt::format("at most {} in a file", RecordedPhases::most_tasks));
    }
    numbers_.emplace(name, read_.tasks.size());
    return read_.tasks.emplace_back(RecordedPhases::Task{.name = std::string(name)});
  }

  /// Exact: a picosecond is the sixth digit behind the point.
  Time microseconds(std::string_view text) const {
    constexpr std::string_view expected =
        "microseconds from 0 to 1000000000000, with at most six digits behind a point";
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, point);
    std::string_view fraction = text.substr(std::min(point + 1, text.size()));
    const auto is_number = [](std::string_view digits) {
      return !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (!is_number(whole) || whole.size() > 13 || fraction.size() > 6 ||
        (point < text.size() && !is_number(fraction))) {
      fail(TextLine::quoted(text), expected);
    }
    std::int64_t us = 0, ps = 0;
    std::from_chars(whole.data(), whole.data() + whole.size(), us);
    std::from_chars(fraction.data(), fraction.data() + fraction.size(), ps);
    for (std::size_t digits = fraction.size(); digits < 6; ++digits) ps *= 10;
    if (us > RecordedPhases::longest_us) fail(TextLine::quoted(text), expected);
    return Time{us * ps_per_us + ps};
  }

  TextLines lines_;
  const std::string& name_;
  std::string_view line_;  ///< what is left of the present one
  std::vector<Column> order_;
  std::map<std::string, std::size_t, std::less<>> numbers_;  ///< of tasks
  std::size_t phases_ = 0;
  RecordedPhases read_;
};

/// Without zeroes behind the last digit that counts.
std::string in_us(Time time) {
  std::string text = fmt::format("{}.{:06}", time.count() / ps_per_us, time.count() % ps_per_us);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

const RecordedPhases::Task& RecordedPhases::task(const std::string& name, std::uint32_t instance,
                                                 const std::string& where) const {
  if (name.empty()) return tasks[instance % tasks.size()];
  const auto found = std::ranges::find(tasks, name, &Task::name);
  if (found != tasks.end()) return *found;
  std::vector<std::string> names;
  for (const Task& task : tasks) names.push_back(task.name);
  const std::string near = nearest(name, names);
  if (names.size() > 20) names.resize(20);
  throw InputError({.file = where}, fmt::format("found no task \"{}\"", shortened(name)), one_of(names),
                   near);
}

RecordedPhases parse_phases(std::istream& input, const std::string& name) {
  return PhasesReader(input, name).read();
}

RecordedPhases read_phases(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw InputError({.file = path}, "found no such file", "a file of phases in CSV");
  return parse_phases(file, path);
}

std::string phase_line(std::string_view task, Time run, Time block) {
  return fmt::format("{},{},{}\n", task, in_us(run), in_us(block));
}

std::string describe(const RecordedPhases& phases) {
  std::string text =
      fmt::format("phases, {} loop, {} tasks\n", phases.open_loop ? "open" : "closed", phases.tasks.size());
  for (const RecordedPhases::Task& task : phases.tasks) {
    double run_us = 0, other_us = 0;
    for (const RecordedPhase& phase : task.phases) {
      run_us += to_seconds(phase.run) * 1e6;
      other_us = (phases.open_loop ? 0 : other_us) + to_seconds(phase.other) * 1e6;
    }
    text +=
        fmt::format("  {}: {} phases, {:.0f} us running, {:.0f} us {}\n", task.name.empty() ? "-" : task.name,
                    task.phases.size(), run_us, other_us, phases.open_loop ? "until the last" : "blocked");
  }
  return text;
}

}  // namespace xensim
