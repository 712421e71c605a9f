/// Guests that write anything into their rings and change their page tables under the disks, with an audit
/// of rings, window and frames after every step.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <random>

#include "tests/models/io/block/block_bench.hpp"

namespace xensim {

struct BlockStepChoice {
  std::uint32_t what, a, b;
};
inline void showValue(const BlockStepChoice& step, std::ostream& out) {
  out << "{" << step.what << "u, " << step.a << "u, " << step.b << "u}";
}

namespace {

using test::BlockBench;

/// A bad request of page updates ends a batch and leaves no contradictions.
constexpr MemoryRules forgiving() {
  MemoryRules rules = xen_1_0_memory;
  rules.bad_request_kills = false;
  rules.get_before_put = true;
  rules.plain_write_needs_no_type = true;
  return rules;
}

class BlockAdversary {
 public:
  static constexpr std::uint32_t pages = 64;

  BlockAdversary() {
    for (int i = 0; i < 3; ++i) guests_.push_back(bench_.add(pages));
  }

  void perform(const BlockStepChoice& step) {
    const BlockBench::Guest& guest = guests_[step.what / 16 % guests_.size()];
    BlockPage& page = bench_.service.page(guest.domain.id);
    const FrameNumber frame = guest.image.pages[step.a % pages];
    switch (step.what % 16) {
      case 0:
        if (step.b % 16 == 0) page.request_producer = step.b / 16;
        break;
      case 1:
        std::memcpy(&page.slots[step.a / 64 % 64][step.a % 15 * 4], &step.b, 4);
        break;
      case 2:
      case 3:
      case 4:
      case 5:
        bench_.publish(guest, any_request(guest, step));
        break;
      case 6:
      case 7:
        bench_.signal(guest);
        break;
      case 8:
      case 9:
        bench_.run();
        break;
      case 10:
      case 11:
      case 12:
        finish(step);
        break;
      case 13:
        (void)bench_.memory.update(guest.domain,
                                   {bench_.memory.entry(guest.image.table(0), step.a % pages,
                                                        PageTableEntry::to(frame, step.b % 4))});
        break;
      case 14:
        change(guest, frame, step);
        break;
      default:
        if (step.b % 16 != 0) break;
        bench_.service.detach(guest.domain.id);
        bench_.service.attach(guests_[step.what / 16 % guests_.size()].domain);
        break;
    }
    bench_.service.owed.events.clear();
    bench_.memory.cpu.owed.clear();
  }
  [[nodiscard]] std::string audit() const { return bench_.audit(); }
  [[nodiscard]] std::uint64_t did(BlockStep step) const { return bench_.service.work[step]; }

 private:
  [[nodiscard]] static BlockRequest any_request(const BlockBench::Guest& guest, const BlockStepChoice& step) {
    BlockRequest request = BlockBench::request(
        guest, step.b % 2 == 0 ? BlockOperation::read : BlockOperation::write, step.b / 2 % 1100);
    request.segments = static_cast<std::uint8_t>(step.a / 64 % 14);
    for (std::uint32_t i = 0; i < max_request_segments; ++i) {
      request.buffers[i] = BlockBench::run_of(guest, (step.a + i) % pages, (step.b >> i) % 17);
    }
    if (step.b % 32 == 0) request.buffers[step.a % 12].word = step.b;
    return request;
  }
  void finish(const BlockStepChoice& step) {
    if (bench_.at_disk.empty()) return;
    const auto piece = bench_.at_disk.begin() + step.a % static_cast<std::uint32_t>(bench_.at_disk.size());
    bench_.service.done(*piece, step.b % 8 != 0);
    bench_.at_disk.erase(piece);
  }
  /// Tables made of what may be under a disk, memory given away.
  void change(const BlockBench::Guest& guest, FrameNumber frame, const BlockStepChoice& step) {
    std::vector<FrameNumber> got;
    switch (step.b % 4) {
      case 0:
        (void)bench_.memory.update(guest.domain, {bench_.memory.extended(ExtendedCommand::pin_l1, frame)});
        break;
      case 1:
        (void)bench_.memory.update(guest.domain, {bench_.memory.extended(ExtendedCommand::unpin, frame)});
        break;
      case 2:
        (void)decrease_reservation(bench_.memory.as(guest.domain), {&frame, 1});
        break;
      default:
        (void)increase_reservation(bench_.memory.as(guest.domain), 1, got);
        break;
    }
  }

  BlockBench bench_{forgiving()};
  std::deque<BlockBench::Guest> guests_;
};

TEST(BlockAdversary, NeverBreaksRingsWindowOrFrames) {
  EXPECT_TRUE(rc::check([] {
    const auto word = rc::gen::resize(100, rc::gen::arbitrary<std::uint32_t>());
    const auto step = rc::gen::apply(
        [](std::uint32_t what, std::uint32_t a, std::uint32_t b) {
          return BlockStepChoice{what, a, b};
        },
        word, word, word);
    BlockAdversary adversary;
    for (const BlockStepChoice& one : *rc::gen::container<std::vector<BlockStepChoice>>(step)) {
      adversary.perform(one);
      RC_ASSERT(adversary.audit() == "");
    }
  }));
}

TEST(BlockAdversary, NeverBreaksThemInALongLife) {
  BlockAdversary adversary;
  std::mt19937_64 random(20031020);
  const auto word = [&random] { return static_cast<std::uint32_t>(random()); };
  for (int i = 0; i < 50'000; ++i) {
    const BlockStepChoice step{word(), word(), word()};
    adversary.perform(step);
    ASSERT_EQ(adversary.audit(), "") << "after step " << i << ", of kind " << step.what % 16;
  }
  EXPECT_GT(adversary.did(BlockStep::piece), 1000U) << "it should get somewhere";
  EXPECT_GT(adversary.did(BlockStep::refused), 1000U);
}

}  // namespace
}  // namespace xensim
