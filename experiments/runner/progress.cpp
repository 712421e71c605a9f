#include "experiments/runner/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace xensim {

SweepProgress::Style SweepProgress::style_for(bool quiet) {
  if (quiet) return Style::silent;
  return ::isatty(STDERR_FILENO) ? Style::bar : Style::lines;
}

SweepProgress::SweepProgress(std::string name, std::size_t total, std::size_t found, Style style)
    : name_(std::move(name)), total_(total), found_(found), done_(found), style_(style) {
  if (style_ == Style::bar) print();
}

SweepProgress::~SweepProgress() {
  if (style_ == Style::silent) return;
  print();
  if (style_ == Style::bar) std::fputc('\n', stderr);
}

void SweepProgress::expect(std::size_t total, bool more) {
  total_ = total;
  more_ = more;
}

std::string SweepProgress::counted() const {
  return fmt::format("{} of {}{} runs", done_, total_, more_ ? " or more" : "");
}

void SweepProgress::show() {
  using namespace std::chrono_literals;
  if (style_ == Style::silent) return;
  const Clock::time_point now = Clock::now();
  if (now - printed_ < (style_ == Style::bar ? 100ms : 10s)) return;
  printed_ = now;
  print();
}

void SweepProgress::print() {
  const std::size_t percent = total_ == 0 ? 100 : 100 * done_ / total_;
  const std::string state =
      more_ ? counted() : fmt::format("{}/{} runs  {}%  {}", done_, total_, percent, time_left());
  if (style_ == Style::bar) {
    constexpr std::size_t width = 30;
    const std::size_t filled = total_ == 0 ? width : width * done_ / total_;
    // \x1b[K clears what a longer line left behind.
    fmt::print(stderr, "\r{} [{:-<{}}] {}\x1b[K", name_, std::string(filled, '#'), width, state);
  } else {
    fmt::print(stderr, "{}: {}\n", name_, state);
  }
  std::fflush(stderr);
}

std::string SweepProgress::time_left() const {
  using Seconds = std::chrono::duration<double>;
  const auto clock = [](double seconds) {
    const auto whole = static_cast<long>(seconds + 0.5);
    return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                        : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  };
  const double passed = Seconds(Clock::now() - start_).count();
  if (done_ >= total_) return fmt::format("in {:.1f} s", passed);
  if (done_ == found_) return "";
  const auto rest = static_cast<double>(total_ - done_), here = static_cast<double>(done_ - found_);
  return fmt::format("{} left", clock(passed / here * rest));
}

}  // namespace xensim
