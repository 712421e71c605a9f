/// The vCPUs that wait for a processor under borrowed virtual time, in the order in which a scan of
/// Xen's run queue would prefer them, without the scan.
#pragma once

#include <compare>
#include <cstdint>

#include "models/cpu/schedulers/indexed_heap.hpp"

namespace xensim {

/// Virtual time in the units of the policy. Signed and wide enough never to wrap.
using VirtualTime = std::int64_t;

/// What a vCPU must derive from to be queued.
struct BvtQueued {
  std::uint32_t rank_slot = UINT32_MAX;
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

  /// The vCPU to run, and the one to run if that did not exist; null if none.
  [[nodiscard]] Vcpu* first() const { return by_rank_.first(); }
  [[nodiscard]] Vcpu* second() const { return by_rank_.second(); }
  [[nodiscard]] VirtualTime evt(const Vcpu& vcpu) const { return by_rank_.key(vcpu).evt; }
  [[nodiscard]] VirtualTime avt(const Vcpu& vcpu) const { return by_avt_.key(vcpu); }
  /// The least actual virtual time of those queued. The queue must not be empty.
  [[nodiscard]] VirtualTime least_avt() const { return avt(*by_avt_.first()); }

  void push_front(Vcpu& vcpu, VirtualTime evt, VirtualTime avt) { push(vcpu, evt, avt, --front_); }
  void push_back(Vcpu& vcpu, VirtualTime evt, VirtualTime avt) { push(vcpu, evt, avt, back_++); }
  void erase(Vcpu& vcpu) {
    by_rank_.erase(vcpu);
    by_avt_.erase(vcpu);
  }
  /// Changes the effective virtual time of a queued vCPU, which keeps its position.
  void move(Vcpu& vcpu, VirtualTime evt) {
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
    return by_rank_.consistent() && by_avt_.consistent() && by_rank_.size() == by_avt_.size();
  }

 private:
  struct Rank {
    VirtualTime evt;
    std::int64_t position;
    auto operator<=>(const Rank&) const = default;
  };
  using ByRank = IndexedHeap<Rank, Vcpu, &BvtQueued::rank_slot>;

  void push(Vcpu& vcpu, VirtualTime evt, VirtualTime avt, std::int64_t position) {
    by_rank_.push(vcpu, {evt, position});
    by_avt_.push(vcpu, avt);
  }

  ByRank by_rank_;
  IndexedHeap<VirtualTime, Vcpu, &BvtQueued::avt_slot> by_avt_;
  std::int64_t front_ = 0, back_ = 0;
};

}  // namespace xensim
