/// An asynchronous descriptor ring: a page that a guest shares with whoever serves it.
///
/// The guest writes requests, its producer index and the index at which it wants to be told; the other side
/// writes responses and theirs. Both use the same slots: a response goes where a request was taken from, not
/// necessarily its own. The guest may write the whole page at any time, so the other side believes nothing
/// there: it keeps its own indices, copies a request before it looks at it, and takes no more than fit.
/// Disks, network interfaces and control differ in what a slot holds alone.
///
/// Where the description says nothing: of an index that names no slot only the low bits count. (The code of
/// 2003 compares it as it is: it is never reached, nor missed as long as every request is refused.)
/// Source: Xen 1.0, xen_block.c and net/dev.c, and Xen 2.0, blkback and netback, from descriptions.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>

namespace xensim {

/// Indices as in Xen 1.0: they name a slot. A full ring would look like an empty one, so one slot is free.
template <std::uint32_t slots>
struct WrappedIndices {
  static_assert(std::has_single_bit(slots) && slots > 1);
  static constexpr std::uint32_t size = slots, capacity = slots - 1;
  [[nodiscard]] static constexpr std::uint32_t next(std::uint32_t i, std::uint32_t steps = 1) {
    return (i + steps) & (slots - 1);
  }
  [[nodiscard]] static constexpr std::uint32_t distance(std::uint32_t from, std::uint32_t to) {
    return (to - from) & (slots - 1);
  }
};

/// Indices as since Xen 2.0: they count, modulo 2^32.
template <std::uint32_t slots>
struct FreeRunningIndices {
  static_assert(std::has_single_bit(slots));
  static constexpr std::uint32_t size = slots, capacity = slots;
  [[nodiscard]] static constexpr std::uint32_t next(std::uint32_t i, std::uint32_t steps = 1) {
    return i + steps;
  }
  [[nodiscard]] static constexpr std::uint32_t distance(std::uint32_t from, std::uint32_t to) {
    return to - from;
  }
};

/// The page. Request and response are plain bytes to it: any content is one of each.
template <class RequestType, class ResponseType, class IndexRule>
struct SharedRing {
  static_assert(std::is_trivially_copyable_v<RequestType> && std::is_trivially_copyable_v<ResponseType>);
  using Request = RequestType;
  using Response = ResponseType;
  using Indices = IndexRule;

  std::uint32_t request_producer = 0;   ///< the guest's
  std::uint32_t response_producer = 0;  ///< the server's
  std::uint32_t response_event = 0;     ///< the guest's: the value of the former that it waits for
  std::array<std::array<std::byte, std::max(sizeof(Request), sizeof(Response))>, Indices::size> slots{};

  template <class T>
  [[nodiscard]] T load(std::uint32_t index) const {
    static_assert(sizeof(T) <= sizeof slots[0]);
    T value;
    std::memcpy(&value, slots[index % Indices::size].data(), sizeof value);
    return value;
  }
  template <class T>
  void store(std::uint32_t index, const T& value) {
    static_assert(sizeof(T) <= sizeof slots[0]);
    std::memcpy(slots[index % Indices::size].data(), &value, sizeof value);
  }
};

/// The server's end.
template <class Ring>
class RingBack {
 public:
  using Indices = typename Ring::Indices;
  using Request = typename Ring::Request;

  /// Unless none is published or all slots hold requests that are not answered yet. An index that makes no
  /// sense can but lead to slots that the guest did not fill: at most `capacity` of them.
  [[nodiscard]] bool has_request(const Ring& ring) const {
    return Indices::distance(request_consumer_, ring.request_producer) != 0 &&
           outstanding() != Indices::capacity;
  }
  /// A copy of the next request, which stays in the ring; requires has_request().
  [[nodiscard]] Request peek(const Ring& ring) const {
    return ring.template load<Request>(request_consumer_);
  }
  /// Requires has_request(): what was seen before may have changed.
  void skip() { request_consumer_ = Indices::next(request_consumer_); }
  [[nodiscard]] std::optional<Request> take(const Ring& ring) {
    if (!has_request(ring)) return {};
    const Request request = peek(ring);
    skip();
    return request;
  }

  /// Answers one of the requests taken, in any order; requires outstanding() > 0. True: the guest wants to
  /// be told. Rings whose guests are told of each response ignore that.
  bool respond(Ring& ring, const typename Ring::Response& response) {
    ring.store(response_producer_, response);
    response_producer_ = Indices::next(response_producer_);
    ring.response_producer = response_producer_;
    return response_producer_ == ring.response_event;
  }

  [[nodiscard]] std::uint32_t outstanding() const {
    return Indices::distance(response_producer_, request_consumer_);
  }
  /// Empty, or how the indices contradict the requests `under_way`.
  [[nodiscard]] std::string audit(std::uint32_t under_way) const {
    if (outstanding() == under_way) return {};
    return fmt::format("{} requests wait for responses, but {} are under way", outstanding(), under_way);
  }

 private:
  std::uint32_t request_consumer_ = 0, response_producer_ = 0;
};

/// A well-behaved guest's end.
template <class Ring>
class RingFront {
 public:
  using Indices = typename Ring::Indices;

  /// Requests that can be put before a response must be taken.
  [[nodiscard]] std::uint32_t room() const { return Indices::capacity - unanswered(); }
  /// Requests put whose responses were not taken.
  [[nodiscard]] std::uint32_t unanswered() const {
    return Indices::distance(response_consumer_, request_producer_);
  }

  /// Requires room() > 0. The other side sees nothing before publish().
  void put(Ring& ring, const typename Ring::Request& request) {
    ring.store(request_producer_, request);
    request_producer_ = Indices::next(request_producer_);
  }
  void publish(Ring& ring) const { ring.request_producer = request_producer_; }
  /// The index that the next request will have.
  [[nodiscard]] std::uint32_t next_request() const { return request_producer_; }

  [[nodiscard]] bool has_response(const Ring& ring) const {
    return Indices::distance(response_consumer_, ring.response_producer) != 0;
  }

  [[nodiscard]] std::optional<typename Ring::Response> take(const Ring& ring) {
    if (!has_response(ring)) return {};
    const auto response = ring.template load<typename Ring::Response>(response_consumer_);
    response_consumer_ = Indices::next(response_consumer_);
    return response;
  }

  /// Asks to be told of the `count`th response from now (1: of the next), unless it is there already: the
  /// guest must look again afterwards.
  void want_event(Ring& ring, std::uint32_t count) const {
    ring.response_event = Indices::next(response_consumer_, count);
  }

 private:
  std::uint32_t request_producer_ = 0, response_consumer_ = 0;
};

}  // namespace xensim
