/// Something that will happen to a component at a time.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace xensim {

/// Owned by the component it belongs to (usually a member), so that scheduling, re-arming and cancelling
/// allocate nothing. A pending event must not move or die.
class Event {
 public:
  using Handler = void (*)(void* owner);

  /// What an event set keeps in each event. No one else may touch it.
  struct Hook {
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    Time when{};
    std::uint32_t place = nowhere;  ///< Where the set finds it; its own affair, except `nowhere`.
  };

  Event(Handler handler, void* owner) : handler_(handler), owner_(owner) {}

  /// An event that calls `(owner.*Method)()` when it happens.
  template <auto Method, class Owner>
  [[nodiscard]] static Event calling(Owner& owner) {
    return {[](void* context) { (static_cast<Owner*>(context)->*Method)(); }, &owner};
  }

  [[nodiscard]] bool pending() const { return hook_.place != Hook::nowhere; }
  /// When it will happen; meaningless unless pending.
  [[nodiscard]] Time when() const { return hook_.when; }

  /// For event sets.
  [[nodiscard]] Hook& hook() { return hook_; }
  /// For calendars.
  void happen() const { handler_(owner_); }

 private:
  Handler handler_;
  void* owner_;
  Hook hook_;
};

}  // namespace xensim
