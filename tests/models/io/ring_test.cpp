#include "models/io/ring.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <vector>

namespace xensim {
namespace {

struct Request {
  std::uint32_t id, payload;
};
struct Response {
  std::uint32_t id;
  std::uint8_t status;
};

template <class Indices>
using PageOf = SharedRing<Request, Response, Indices>;

template <class Indices>
class Ring : public testing::Test {
 protected:
  static constexpr std::uint32_t capacity = Indices::capacity;

  void put(std::uint32_t id) { front.put(page, {id, ~id}); }

  PageOf<Indices> page;
  RingFront<PageOf<Indices>> front;
  RingBack<PageOf<Indices>> back;
};
using Kinds =
    testing::Types<WrappedIndices<64>, FreeRunningIndices<64>, WrappedIndices<4>, FreeRunningIndices<4>>;
TYPED_TEST_SUITE(Ring, Kinds, );

TYPED_TEST(Ring, ShowsNothingBeforeItIsPublished) {
  this->put(1);
  EXPECT_FALSE(this->back.take(this->page));
  this->front.publish(this->page);
  const auto request = this->back.take(this->page);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->payload, ~1U);
  EXPECT_FALSE(this->back.take(this->page));
}

TYPED_TEST(Ring, LetsTheServerLookAtARequestBeforeItTakesIt) {
  this->put(7);
  EXPECT_FALSE(this->back.has_request(this->page));
  this->front.publish(this->page);
  EXPECT_EQ(this->back.peek(this->page).id, 7U);
  EXPECT_EQ(this->back.outstanding(), 0U) << "it stays in the ring";
  this->back.skip();
  EXPECT_FALSE(this->back.has_request(this->page));
  EXPECT_EQ(this->back.outstanding(), 1U);
}

TYPED_TEST(Ring, TellsWhenItDisagreesWithWhatIsUnderWay) {
  this->put(7);
  this->front.publish(this->page);
  (void)this->back.take(this->page);
  EXPECT_EQ(this->back.audit(1), "");
  EXPECT_NE(this->back.audit(0), "");
}

TYPED_TEST(Ring, TakesAnswersInAnyOrder) {
  for (const std::uint32_t id : {1U, 2U, 3U}) this->put(id);
  this->front.publish(this->page);
  while (this->back.take(this->page)) {
  }
  for (const std::uint32_t id : {3U, 1U, 2U}) {
    this->back.respond(this->page, {id, 0});
    EXPECT_EQ(this->front.take(this->page)->id, id);
  }
  EXPECT_FALSE(this->front.take(this->page));
  EXPECT_EQ(this->front.room(), this->capacity);
}

TYPED_TEST(Ring, HoldsAsManyAsItHasRoomForAndNotOneMore) {
  for (std::uint32_t round = 0; round < 3; ++round) {
    std::uint32_t put = 0;
    for (; put <= this->capacity && this->front.room() > 0; ++put) this->put(put);
    EXPECT_EQ(put, this->capacity);
    this->front.publish(this->page);
    std::uint32_t taken = 0;
    for (; taken <= this->capacity && this->back.take(this->page); ++taken) {
    }
    EXPECT_EQ(taken, this->capacity);
    for (; taken > 0; --taken) {
      this->back.respond(this->page, {taken, 0});
      EXPECT_TRUE(this->front.take(this->page));
    }
  }
}

TYPED_TEST(Ring, TellsTheGuestOnceWhenTheResponseItWaitsForIsThere) {
  for (const std::uint32_t id : {1U, 2U, 3U}) this->put(id);
  this->front.publish(this->page);
  this->front.want_event(this->page, 2);
  while (this->back.take(this->page)) {
  }
  EXPECT_FALSE(this->back.respond(this->page, {1, 0}));
  EXPECT_TRUE(this->back.respond(this->page, {2, 0}));
  EXPECT_FALSE(this->back.respond(this->page, {3, 0}));
}

TYPED_TEST(Ring, DoesNotFollowARequestThatChangesAfterItWasTaken) {
  this->put(1);
  this->front.publish(this->page);
  const auto request = this->back.take(this->page);
  this->page.slots.front().fill(std::byte{0xff});
  EXPECT_EQ(request->id, 1U);
}

TYPED_TEST(Ring, WithAnIndexThatMakesNoSenseYieldsNoMoreThanItHasRoomFor) {
  for (const std::uint32_t nonsense : {1000U, 0x7fffffffU, 0xffffffffU}) {
    this->page.request_producer = nonsense;
    std::uint32_t taken = 0;
    while (this->back.take(this->page)) ++taken;
    EXPECT_LE(taken, this->capacity);
    EXPECT_LE(this->back.outstanding(), this->capacity);
  }
}

/// What a well-behaved guest and its server do, in any order.
TYPED_TEST(Ring, LosesAndDuplicatesNothing) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& steps) {
    PageOf<TypeParam> shared;
    RingFront<PageOf<TypeParam>> guest;
    RingBack<PageOf<TypeParam>> server;
    std::uint32_t next = 0, published = 0, next_taken = 0;
    std::vector<std::uint32_t> in_service;
    std::map<std::uint32_t, std::uint8_t> answered;
    std::set<std::uint32_t> unanswered;
    for (const std::uint8_t step : steps) {
      switch (step % 5) {
        case 0:
          if (guest.room() == 0) break;
          guest.put(shared, {next, next * 7});
          unanswered.insert(next++);
          break;
        case 1:
          guest.publish(shared);
          published = next;
          break;
        case 2:
          if (const auto request = server.take(shared)) {
            RC_ASSERT(request->id == next_taken++);
            RC_ASSERT(request->payload == request->id * 7);
            in_service.push_back(request->id);
          } else {
            RC_ASSERT(next_taken == published);
          }
          break;
        case 3:
          if (in_service.empty()) break;
          {
            const auto chosen = in_service.begin() + step / 5 % static_cast<int>(in_service.size());
            answered[*chosen] = step;
            server.respond(shared, {*chosen, step});
            in_service.erase(chosen);
          }
          break;
        default:
          if (const auto response = guest.take(shared)) {
            RC_ASSERT(answered.at(response->id) == response->status);
            RC_ASSERT(unanswered.erase(response->id) == 1U);
            answered.erase(response->id);
          } else {
            RC_ASSERT(answered.empty());
          }
      }
      RC_ASSERT(server.outstanding() == in_service.size());
      RC_ASSERT(guest.unanswered() == unanswered.size());
    }
  }));
}

TYPED_TEST(Ring, NeverMakesAServerTakeMoreThanFitsOrForgetWhatItTookWhateverTheGuestWrites) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint32_t>& steps) {
    PageOf<TypeParam> shared;
    RingBack<PageOf<TypeParam>> server;
    std::uint32_t outstanding = 0;
    for (const std::uint32_t step : steps) {
      const std::uint32_t word = step / 8;
      switch (step % 8) {
        case 0:
          shared.request_producer = word % 2 == 0 ? word / 2 % (2 * TypeParam::size) : word;
          break;
        case 1:
          shared.response_producer = word;
          break;
        case 2:
          shared.response_event = word;
          break;
        case 3:
          shared.store(word, Request{word, step});
          break;
        case 4:
        case 5:
          if (server.take(shared)) ++outstanding;
          break;
        default:
          if (outstanding == 0) break;
          --outstanding;
          const PageOf<TypeParam> before = shared;
          (void)server.respond(shared, {step, 0});
          std::uint32_t changed = 0;
          for (std::size_t i = 0; i < shared.slots.size(); ++i)
            changed += shared.slots[i] != before.slots[i] ? 1 : 0;
          RC_ASSERT(changed <= 1U);
          RC_ASSERT(shared.request_producer == before.request_producer);
      }
      RC_ASSERT(server.outstanding() == outstanding);
      RC_ASSERT(outstanding <= TypeParam::capacity);
    }
  }));
}

TEST(RingOfXen1, CountsOnlyTheLowBitsOfAnIndexThatNamesNoSlot) {
  using Page = PageOf<WrappedIndices<64>>;
  Page page;
  RingBack<Page> back;
  const auto served = [&](std::uint32_t producer) {
    page.request_producer = producer;
    std::uint32_t taken = 0;
    while (back.take(page)) ++taken;
    return taken;
  };
  EXPECT_EQ(served(64), 0U);
  EXPECT_EQ(served(64 + 5), 5U);
  EXPECT_EQ(served(UINT32_MAX), 58U);
}

TEST(RingOfXen1, TakesAtMost63RequestsOf64Slots) {
  using Page = PageOf<WrappedIndices<64>>;
  Page page;
  RingBack<Page> back;
  page.request_producer = 63;
  std::uint32_t taken = 0;
  while (taken < 100 && back.take(page)) ++taken;
  EXPECT_EQ(taken, 63U);
  page.request_producer = 0;
  EXPECT_FALSE(back.take(page)) << "closed";
  (void)back.respond(page, {});
  EXPECT_TRUE(back.take(page));
  EXPECT_FALSE(back.take(page));
  EXPECT_LT(page.response_producer, 64U);
}

TEST(RingOfXen2, CountsAcrossTheEndOfItsIndices) {
  using Page = PageOf<FreeRunningIndices<2>>;
  static_assert(FreeRunningIndices<2>::distance(0xffffffff, 1) == 2);
  static_assert(Page::Indices::next(0xffffffff) == 0);
  Page page;
  page.store(0xffffffff, Request{5, 6});
  EXPECT_EQ(page.load<Request>(1).id, 5U);
}

}  // namespace
}  // namespace xensim
