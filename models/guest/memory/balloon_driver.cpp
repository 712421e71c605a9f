#include "models/guest/memory/balloon_driver.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic memory_reserved{"memory/reserved", "MiB", level,
                                "that the domain has, by the monitor's count: the kernel is in it"};
const Statistic memory_target{"memory/target", "MiB", level, "that its balloon is to leave it"};
const Statistic balloon_exhausted{"memory/balloon_exhausted", "times", counter,
                                  "the balloon found no page to give back, and gave up"};
const Statistic balloon_refused{"memory/balloon_refused", "times", counter,
                                "the monitor had no frame for the balloon, which gave up"};

}  // namespace

BalloonDriver::BalloonDriver(const KernelContext& context, GuestKernel& scheduler, GuestMemory& memory,
                             MemoryPressure* pressure, MemoryReservation& reservation)
    : context_(context),
      scheduler_(scheduler),
      memory_(memory),
      pressure_(pressure),
      reservation_(reservation),
      daemon_(scheduler, "balloon", [this](GuestProcess& self) { return step(self); }),
      alarm_(daemon_),
      target_(reservation.reserved()) {}

void BalloonDriver::aim(unsigned vcpu, std::uint32_t pages) {
  target_ = pages;
  failed_ = 0;
  daemon_.want(vcpu);
}

KernelDaemon::Next BalloonDriver::step(GuestProcess& self) {
  const auto leaving = static_cast<std::uint32_t>(leaving_.size());
  const bool too_many = reservation_.reserved() - leaving > target_;
  if (too_many && leaving < batch) return collect(self);
  if (leaving > 0) {
    give();
    return Next::more;
  }
  return reservation_.reserved() < target_ ? grow() : Next::sleeps;
}

KernelDaemon::Next BalloonDriver::collect(GuestProcess& self) {
  const std::size_t wanted = std::min<std::size_t>(reservation_.reserved() - target_, batch);
  const std::size_t end = std::min(wanted, leaving_.size() + pages_in_a_step);
  while (leaving_.size() < end) {
    if (pressure_ != nullptr) {
      const MemoryPressure::Room room = pressure_->look_for_room(self, 1);
      if (room == MemoryPressure::Room::none) return found_no_page();
      if (room == MemoryPressure::Room::later) return Next::more;
    }
    const auto page = memory_.pages.allocate_user();
    if (!page) return found_no_page();
    failed_ = 0;
    // Nobody else is to see what it held.
    memory_.paging.zero(*page);
    context_.zeroed(page->value);
    leaving_.push_back(*page);
  }
  return Next::more;
}

void BalloonDriver::give() {
  reservation_.give_back(leaving_);
  counts_.given += leaving_.size();
  pages_.insert(pages_.end(), leaving_.begin(), leaving_.end());
  leaving_.clear();
}

KernelDaemon::Next BalloonDriver::grow() {
  const std::size_t wanted = std::min<std::size_t>(target_ - reservation_.reserved(), batch);
  for (std::size_t count = std::min(wanted, pages_.size()); count > 0; count /= 2) {
    const auto returning = std::span(pages_).last(count);
    if (!reservation_.take_again(returning)) continue;
    counts_.taken += count;
    for (const PageNumber page : returning) (void)memory_.pages.put(page);
    pages_.resize(pages_.size() - count);
    return Next::more;
  }
  return give_up(counts_.refused);
}

KernelDaemon::Next BalloonDriver::found_no_page() {
  if (!leaving_.empty()) give();
  if (++failed_ == attempts) return give_up(counts_.exhausted);
  scheduler_.timers().set(alarm_, scheduler_.ticks() + pause);
  return Next::sleeps;
}

KernelDaemon::Next BalloonDriver::give_up(std::uint64_t& reason) {
  ++reason;
  target_ = reservation_.reserved();
  return Next::sleeps;
}

void BalloonDriver::count_references(std::span<std::uint32_t> references) const {
  for (const PageNumber page : pages_) ++references[page.value];
  for (const PageNumber page : leaving_) ++references[page.value];
}

void BalloonDriver::report(StatisticSink& sink, const std::string& prefix) const {
  const auto mib = [](std::uint32_t pages) { return static_cast<double>(pages) * page_size / (1U << 20); };
  sink.value(prefix, memory_reserved, mib(reservation_.reserved()));
  sink.value(prefix, memory_target, mib(target_));
  sink.value(prefix, balloon_exhausted, static_cast<double>(counts_.exhausted));
  sink.value(prefix, balloon_refused, static_cast<double>(counts_.refused));
}

std::string BalloonDriver::audit() const {
  const std::size_t lacking = reservation_.most_reserved() - reservation_.reserved();
  if (lacking != pages_.size()) {
    return fmt::format("{} pages lack frames, but {} are in the balloon", lacking, pages_.size());
  }
  for (const PageNumber page : pages_) {
    if (memory_.paging.frame(page).valid())
      return fmt::format("page {} of the balloon has a frame", page.value);
  }
  return {};
}

}  // namespace xensim
