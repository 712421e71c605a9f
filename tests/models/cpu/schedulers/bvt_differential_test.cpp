/// The shipped schedulers' heaps against a plain scan of a list: the same answers, whatever happens.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/list_scan.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

/// Asks two policies everything and complains, through its audit, when they answer differently.
class Both final : public Scheduler {
 public:
  Both(std::unique_ptr<Scheduler> one, std::unique_ptr<Scheduler> other)
      : one_(std::move(one)), other_(std::move(other)) {}

  void add(VcpuId v, CpuId cpu, const SchedulingShare& share, Time now) override {
    one_->add(v, cpu, share, now), other_->add(v, cpu, share, now);
  }
  void remove(VcpuId v, Time now) override { one_->remove(v, now), other_->remove(v, now); }
  void adjust(VcpuId v, const SchedulingShare& share, Time now) override {
    one_->adjust(v, share, now), other_->adjust(v, share, now);
  }
  Time wake(VcpuId v, Time now) override { return same("wake", one_->wake(v, now), other_->wake(v, now)); }
  Time event_marked(VcpuId v, Time now) override {
    return same("event_marked", one_->event_marked(v, now), other_->event_marked(v, now));
  }
  void sleep(VcpuId v, Time now) override { one_->sleep(v, now), other_->sleep(v, now); }
  void yield(VcpuId v, Time now) override { one_->yield(v, now), other_->yield(v, now); }
  Decision schedule(CpuId cpu, bool runnable, Time now) override {
    const Decision a = one_->schedule(cpu, runnable, now), b = other_->schedule(cpu, runnable, now);
    if (a.next != b.next) differ("next", a.next.value, b.next.value);
    if (a.slice != b.slice) differ("slice", a.slice.count(), b.slice.count());
    if (a.scanned != b.scanned) differ("scanned", a.scanned, b.scanned);
    return a;
  }
  Time deadline(CpuId cpu) const override {
    const Time a = one_->deadline(cpu), b = other_->deadline(cpu);
    if (a != b) differ("deadline", a.count(), b.count());
    return a;
  }
  Time expire(CpuId cpu, Time now) override {
    return same("expire", one_->expire(cpu, now), other_->expire(cpu, now));
  }
  std::string audit() const override { return difference_.empty() ? one_->audit() : difference_; }

 private:
  template <class T>
  void differ(const char* what, T a, T b) const {
    if (difference_.empty()) difference_ = fmt::format("{}: {}, but by the list {}", what, a, b);
  }
  Time same(const char* what, Time a, Time b) const {
    if (a != b) differ(what, a.count(), b.count());
    return a;
  }

  std::unique_ptr<Scheduler> one_, other_;
  mutable std::string difference_;
};

using Version = ListScanBvt::Version;

void agree_whatever_happens(const char* policy, Version version) {
  const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 3);
  const auto shares = *rc::gen::nonEmpty(rc::gen::container<std::vector<SchedulingShare>>(any_share(true)));
  Bench bench(std::make_unique<Both>(make_scheduler(Json(policy), cpus),
                                     std::make_unique<ListScanBvt>(version, 5ms, cpus)),
              cpus);
  for (std::uint32_t i = 0; i < shares.size(); ++i) bench.add(shares[i], i % cpus);
  for (const Operation& operation : *any_history(all_operations)) {
    perform(bench, operation);
    const VcpuId id{std::get<1>(operation) % static_cast<std::uint32_t>(bench.size())};
    if (bench.state(id) != Bench::State::gone && *rc::gen::inRange(0, 8) == 0) {
      bench.adjust(id, *any_share(true));
    }
    RC_ASSERT(bench.violation() == "");
  }
}

TEST(BvtXen1AgainstAListScan, DecidesTheSameWhateverHappens) {
  EXPECT_TRUE(rc::check([] { agree_whatever_happens("bvt-xen1", Version::xen1); }));
}

TEST(BvtXen2AgainstAListScan, DecidesTheSameWhateverHappens) {
  EXPECT_TRUE(rc::check([] { agree_whatever_happens("bvt-xen2", Version::xen2); }));
}

/// One run of 4026 s at weight 1, 100 units an MCU, takes virtual time to the edge of its overflow.
void agree_across_the_overflow(const char* policy, Version version) {
  const auto shares = *rc::gen::nonEmpty(rc::gen::container<std::vector<SchedulingShare>>(any_share(true)));
  Bench bench(
      std::make_unique<Both>(make_scheduler(Json(policy)), std::make_unique<ListScanBvt>(version, 5ms, 1)));
  for (const SchedulingShare& share : shares) bench.add(share);
  const VcpuId old = bench.add_hog({.weight = 1});
  bench.stall(4026s);
  bench.run_for(50ms);
  const auto before = bench.service(old);
  for (const Operation& operation : *any_history(ordinary_operations)) {
    if (std::get<1>(operation) % bench.size() != old.value) perform(bench, operation);
    RC_ASSERT(bench.violation() == "");
  }
  bench.run_for(3s);
  RC_ASSERT(bench.violation() == "");
  RC_ASSERT(bench.service(old) > before);
}

TEST(BvtXen1AgainstAListScan, DecidesTheSameAcrossTheOverflowOfVirtualTime) {
  EXPECT_TRUE(rc::check([] { agree_across_the_overflow("bvt-xen1", Version::xen1); }));
}

TEST(BvtXen2AgainstAListScan, DecidesTheSameAcrossTheOverflowOfVirtualTime) {
  EXPECT_TRUE(rc::check([] { agree_across_the_overflow("bvt-xen2", Version::xen2); }));
}

}  // namespace
}  // namespace xensim::test
