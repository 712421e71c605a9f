/// Records that come nearly in order of time, put into it.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace xensim {

/// Keeps only what something earlier might still come before. Records of the same time keep their order.
/// O(log kept) a record.
template <class Record>
class TimeOrder {
 public:
  void add(Time at, Record record) { kept_.push({at, added_++, std::move(record)}); }

  /// Hands over what is before `limit`, for which `add` must not be called any more.
  template <class Take>
  void take_before(Time limit, Take take) {
    while (!kept_.empty() && kept_.top().at < limit) take_first(take);
  }
  template <class Take>
  void take_all(Take take) {
    while (!kept_.empty()) take_first(take);
  }

 private:
  struct Kept {
    Time at{};
    std::uint64_t order = 0;
    Record record;
    bool operator>(const Kept& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  template <class Take>
  void take_first(Take& take) {
    const Record record = kept_.top().record;
    kept_.pop();
    take(record);
  }

  std::priority_queue<Kept, std::vector<Kept>, std::greater<>> kept_;
  std::uint64_t added_ = 0;
};

}  // namespace xensim
