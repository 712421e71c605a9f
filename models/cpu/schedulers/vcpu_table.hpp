/// What a policy keeps of each vCPU, by its number.
#pragma once

#include <deque>

#include "core/ids.hpp"

namespace xensim {

/// Entries stay where they are. All operations in constant time, but for `add`: O(numbers that were skipped).
template <class Entry>
class VcpuTable {
 public:
  /// A new vCPU's, as its type makes it; one that was there before is as it was.
  Entry& add(VcpuId vcpu) {
    while (entries_.size() <= vcpu.value) entries_.emplace_back();
    return entries_[vcpu.value];
  }
  [[nodiscard]] Entry& operator[](VcpuId vcpu) { return entries_[vcpu.value]; }

  [[nodiscard]] auto begin() { return entries_.begin(); }
  [[nodiscard]] auto end() { return entries_.end(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

 private:
  std::deque<Entry> entries_;
};

}  // namespace xensim
