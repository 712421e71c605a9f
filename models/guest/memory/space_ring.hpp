/// All address spaces of a kernel, in the order in which their pages are swapped out (mmlist).
#pragma once

#include <list>

namespace xensim {

class AddressSpace;

/// A circle with a mark: who comes next. A child comes right after its parent. All operations are O(1).
class SpaceRing {
 public:
  using Place = std::list<AddressSpace*>::iterator;

  SpaceRing() : next_(spaces_.end()) {}
  SpaceRing(const SpaceRing&) = delete;
  SpaceRing& operator=(const SpaceRing&) = delete;
  ~SpaceRing() = default;

  Place add(AddressSpace& space) { return spaces_.insert(spaces_.end(), &space); }
  void move_after(Place child, Place parent) { spaces_.splice(std::next(parent), spaces_, child); }
  void remove(Place place) {
    if (next_ == place) ++next_;
    spaces_.erase(place);
  }

  [[nodiscard]] std::size_t size() const { return spaces_.size(); }
  /// Null if there is none.
  [[nodiscard]] AddressSpace* current() {
    if (spaces_.empty()) return nullptr;
    if (next_ == spaces_.end()) next_ = spaces_.begin();
    return *next_;
  }
  void advance() {
    if (next_ != spaces_.end()) ++next_;
  }

 private:
  std::list<AddressSpace*> spaces_;
  Place next_;
};

}  // namespace xensim
