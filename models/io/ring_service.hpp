/// The monitor's end of a descriptor ring of Xen 1.0: its private copies of the indices.
///
/// Requests and responses share slots. The guest's producer index is shared and says whatever the guest
/// likes; no value of it makes the monitor serve a slot that waits for its response, or serve for ever.
/// (The code of 2003 compares the index as it is: one beyond the ring is never reached, and as long as every
/// request is refused, never missed either. Here only its low bits count.)
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace xensim {

template <std::uint32_t Size>
class RingService {
  static_assert(Size != 0 && (Size & (Size - 1)) == 0, "indices wrap by masking");

 public:
  static constexpr std::uint32_t size = Size;

  /// Whether a request is to be served, if the guest's index is `producer`.
  [[nodiscard]] bool has_request(std::uint32_t producer) const {
    return consumed_ != producer % Size && (responded_ - consumed_) % Size != 1;
  }
  /// The slot of the next request.
  [[nodiscard]] std::uint32_t next() const { return consumed_; }
  void consume() { consumed_ = (consumed_ + 1) % Size; }
  /// The slot of the next response, which thus is given; there must be an unanswered request.
  std::uint32_t respond() {
    const std::uint32_t slot = responded_;
    responded_ = (responded_ + 1) % Size;
    return slot;
  }
  /// The index up to which there are responses.
  [[nodiscard]] std::uint32_t responded() const { return responded_; }
  /// Requests without response. At most Size - 1: one consumed next to the last free slot closes the ring.
  [[nodiscard]] std::uint32_t unanswered() const { return (consumed_ - responded_) % Size; }

  /// Empty, or how the indices contradict the requests under way.
  [[nodiscard]] std::string audit(std::uint32_t under_way) const {
    if (unanswered() == under_way) return {};
    return fmt::format("{} requests wait for responses, but {} are under way", unanswered(), under_way);
  }

 private:
  std::uint32_t consumed_ = 0, responded_ = 0;
};

}  // namespace xensim
