/// The vCPUs that wait for a processor under borrowed virtual time, in the order in which a scan of
/// Xen's run queue would prefer them, without the scan.
#pragma once

#include <compare>
#include <cstdint>
#include <utility>

#include "models/cpu/schedulers/indexed_heap.hpp"
#include "models/cpu/schedulers/nearly_sorted_queue.hpp"

namespace xensim {

/// Virtual time in the units of the policy. Signed and wide enough never to wrap.
using VirtualTime = std::int64_t;

/// What a vCPU must derive from to be queued.
struct BvtQueued {
  std::uint32_t run_slot = UINT32_MAX, rank_slot = UINT32_MAX;
  std::uint32_t avt_slot = UINT32_MAX;
};

/// Xen keeps a list and takes the first of its least effective virtual times. That is the order by
/// (evt, position in the list), where insertion at the head counts positions down and at the tail up.
/// All operations O(log n) or better, but for `subtract` and `consistent`, which are O(n).
template <class Vcpu>
class BvtQueue {
 public:
  [[nodiscard]] std::size_t size() const { return by_rank_.size(); }
  [[nodiscard]] bool empty() const { return by_rank_.empty(); }
  [[nodiscard]] static bool contains(const Vcpu& vcpu) { return ByRank::contains(vcpu); }

  /// The vCPU to run; null if none.
  [[nodiscard]] Vcpu* first() const { return by_rank_.first(); }
  [[nodiscard]] VirtualTime evt(const Vcpu& vcpu) const { return by_rank_.key(vcpu).evt; }
  [[nodiscard]] VirtualTime avt(const Vcpu& vcpu) const { return warped_ ? by_avt_.key(vcpu) : evt(vcpu); }
  /// The least actual virtual time of those queued. The queue must not be empty.
  [[nodiscard]] VirtualTime least_avt() const {
    return warped_ ? by_avt_.key(*by_avt_.first()) : evt(*by_rank_.first());
  }

  void push_front(Vcpu& vcpu, VirtualTime evt, VirtualTime avt) { push(vcpu, {evt, --front_}, avt); }
  void push_back(Vcpu& vcpu, VirtualTime evt, VirtualTime avt) { push(vcpu, {evt, back_++}, avt); }
  void erase(Vcpu& vcpu) {
    by_rank_.erase(vcpu);
    if (warped_) by_avt_.erase(vcpu);
  }
  /// What leaves the queue to run.
  struct Taken {
    Vcpu* vcpu = nullptr;  ///< null: the queue is empty
    VirtualTime evt = 0;
  };
  Taken pop_front() {
    if (empty()) return {};
    Vcpu& front = *first();
    const Taken taken{&front, evt(front)};
    erase(front);
    return taken;
  }
  /// Changes the effective virtual time of a queued vCPU, which keeps its position.
  void move(Vcpu& vcpu, VirtualTime evt) {
    track_avt();
    const Rank rank{evt, by_rank_.key(vcpu).position};
    by_rank_.erase(vcpu);
    by_rank_.push(vcpu, rank);
  }
  /// Takes `amount` from every virtual time.
  void subtract(VirtualTime amount) {
    by_rank_.transform([amount](Rank rank) { return Rank{rank.evt - amount, rank.position}; });
    by_avt_.transform([amount](VirtualTime avt) { return avt - amount; });
  }

  [[nodiscard]] bool consistent() const {
    return by_rank_.consistent() && by_avt_.consistent() && by_avt_.size() == (warped_ ? size() : 0);
  }

 private:
  struct Rank {
    VirtualTime evt;
    std::int64_t position;
    auto operator<=>(const Rank&) const = default;
  };
  using ByRank = NearlySortedQueue<Rank, Vcpu, &BvtQueued::run_slot, &BvtQueued::rank_slot>;

  void push(Vcpu& vcpu, const Rank& rank, VirtualTime avt) {
    if (rank.evt != avt) track_avt();
    by_rank_.push(vcpu, rank);
    if (warped_) by_avt_.push(vcpu, avt);
  }
  void track_avt() {
    if (std::exchange(warped_, true)) return;
    by_rank_.for_each([this](Vcpu& vcpu, const Rank& rank) { by_avt_.push(vcpu, rank.evt); });
  }

  ByRank by_rank_;
  bool warped_ = false;  ///< as long as nobody ever was, effective and actual virtual time are one
  IndexedHeap<VirtualTime, Vcpu, &BvtQueued::avt_slot> by_avt_;
  std::int64_t front_ = 0, back_ = 0;
};

}  // namespace xensim
