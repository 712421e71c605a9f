/// Random histories for scheduling policies, which RapidCheck shrinks operation by operation.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <ostream>
#include <tuple>
#include <vector>

#include "tests/models/cpu/schedulers/bench.hpp"

namespace xensim {

/// How RapidCheck prints a counter-example.
inline void showValue(const SchedulingShare& share, std::ostream& out) {
  out << "{weight " << share.weight << ", W " << share.warp.count() << " ps, L " << share.warp_limit.count()
      << " ps, U " << share.unwarp_requirement.count() << " ps, " << share.slice.count() << " of "
      << share.period.count() << " ps" << (share.extra_time ? " and more}" : "}");
}

namespace test {

/// What happens (`perform` says what), to whom, and after how many ps the next.
using Operation = std::tuple<int, std::uint32_t, std::int64_t>;

/// Up to 20 ms, half of them whole MCUs of 100 us so that ties happen.
inline rc::Gen<std::int64_t> any_delay() {
  return rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, Time{20ms}.count()),
                        rc::gen::map(rc::gen::inRange<std::int64_t>(0, 200),
                                     [](std::int64_t mcus) { return mcus * Time{100us}.count(); }));
}

/// Half of them with a reservation, some without extra time.
inline rc::Gen<SchedulingShare> any_reservation(SchedulingShare share) {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(1, 2001), rc::gen::inRange(1, 101),
                                     rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 4)),
                      [share](const std::tuple<int, int, bool, int>& chosen) {
                        const auto [tenths, percent, reserved, extra] = chosen;
                        SchedulingShare with = share;
                        with.period = reserved ? Time{100us} * tenths : Time{};
                        with.slice = with.period * percent / 100;
                        with.extra_time = extra > 0;
                        return with;
                      });
}

inline rc::Gen<SchedulingShare> any_share(bool with_warp) {
  const auto time = [with_warp](std::int64_t most_ms) {
    return rc::gen::map(rc::gen::inRange<std::int64_t>(0, with_warp ? most_ms * 10 + 1 : 1),
                        [](std::int64_t mcus) { return Time{100us} * mcus; });
  };
  return rc::gen::mapcat(
      rc::gen::build<SchedulingShare>(
          rc::gen::set(&SchedulingShare::weight, rc::gen::inRange<std::int64_t>(1, 101)),
          rc::gen::set(&SchedulingShare::warp, time(30)), rc::gen::set(&SchedulingShare::warp_limit, time(8)),
          rc::gen::set(&SchedulingShare::unwarp_requirement, time(30))),
      any_reservation);
}

/// Sleeping, waking and events.
inline constexpr int ordinary_operations = 6;
/// These, yields and removals.
inline constexpr int all_operations = 8;

inline rc::Gen<std::vector<Operation>> any_history(int kinds) {
  return rc::gen::container<std::vector<Operation>>(
      rc::gen::tuple(rc::gen::inRange(0, kinds), rc::gen::inRange<std::uint32_t>(0, 64), any_delay()));
}

/// Does nothing if the vCPU is in no state for it.
inline void perform(Bench& bench, const Operation& operation) {
  const auto [kind, who, delay] = operation;
  const VcpuId id{static_cast<std::uint32_t>(who % bench.size())};
  const auto state = bench.state(id);
  if (kind <= 1 && state == Bench::State::blocked) bench.wake(id);
  if (kind >= 2 && kind <= 4 && bench.runnable(id)) bench.block(id);
  if (kind == 5 && state == Bench::State::waiting) bench.mark_event(id);
  if (kind == 6 && state == Bench::State::running) bench.yield(id);
  if (kind == 7 && who < 8 && state != Bench::State::gone) bench.remove(id);
  bench.run_for(Time{delay});
}

}  // namespace test
}  // namespace xensim
