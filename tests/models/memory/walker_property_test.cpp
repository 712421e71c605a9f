/// The MMU against a plain walk of the same tables, over arbitrary tables and sequences of changes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "tests/models/memory/plain_walk.hpp"

namespace xensim {
namespace {

using Entry = PageTableEntry;

bool same_contents(const PhysicalMemory& a, const PhysicalMemory& b) {
  for (std::uint32_t frame = 0; frame < a.frames(); ++frame) {
    for (std::uint32_t i = 0; i < entries_per_table; ++i) {
      if (a.load({frame}, i) != b.load({frame}, i)) return false;
    }
  }
  return true;
}

Access any_access() { return *rc::gen::element(Access::read, Access::write, Access::fetch); }
Privilege any_privilege() { return *rc::gen::element(Privilege::ring0, Privilege::ring1, Privilege::ring3); }
/// Flags that an entry has more often than not, so that many accesses succeed.
std::uint32_t any_flags(std::uint32_t among) {
  const auto likely = Entry::present | Entry::writable | Entry::user;
  return (*rc::gen::arbitrary<std::uint32_t>() | (likely & *rc::gen::arbitrary<std::uint32_t>()) |
          (Entry::present & *rc::gen::arbitrary<std::uint32_t>())) &
         among;
}

TEST(WalkerProperty, AnyTablesWhatsoeverAreWalkedAsTheManualSays) {
  EXPECT_TRUE(rc::check([] {
    constexpr std::uint32_t frames = 8;
    PhysicalMemory memory(frames);
    const PagingControl control{.write_protect = *rc::gen::arbitrary<bool>(),
                                .large_pages = *rc::gen::arbitrary<bool>(),
                                .global_pages = *rc::gen::arbitrary<bool>()};
    const auto any_address = [] {
      return Address{*rc::gen::inRange<std::uint32_t>(0, 4) << 22 | *rc::gen::inRange<std::uint32_t>(0, 4)
                                                                        << 12};
    };
    const auto entries = *rc::gen::inRange(0, 40);
    for (int i = 0; i < entries; ++i) {
      // Mostly frames that exist, as directory, table and page alike.
      const FrameNumber target{*rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, frames + 2),
                                               rc::gen::inRange<std::uint32_t>(0, 1U << 20))};
      memory.store({*rc::gen::inRange<std::uint32_t>(0, frames)}, *rc::gen::inRange<std::uint32_t>(0, 4),
                   Entry::to(target, any_flags(0xfff)).bits);
    }
    PhysicalMemory expected(frames);
    for (std::uint32_t f = 0; f < frames; ++f) {
      if (const auto* words = memory.contents({f})) expected.words({f}) = *words;
    }
    Mmu mmu(control);
    const auto accesses = *rc::gen::inRange(1, 40);
    for (int i = 0; i < accesses; ++i) {
      const Address address = any_address();
      const Access access = any_access();
      const Privilege privilege = any_privilege();
      const FrameNumber directory{*rc::gen::inRange<std::uint32_t>(0, frames + 1)};
      mmu.flush(FlushScope::everything);
      RC_ASSERT(mmu.translate(address, access, privilege, directory, memory) ==
                plain_walk(address, access, privilege, directory, expected, control));
      RC_ASSERT(mmu.audit(directory, memory).empty());
    }
    RC_ASSERT(same_contents(memory, expected));
  }));
}

/// Two address spaces with tables of their own and a part in common at the top, as a monitor's: only that one
/// has global pages. Every change is followed by the flush that it calls for, and by no more.
class Spaces {
 public:
  static constexpr std::uint32_t own_tables = 3, pages = 6, frames = 24;

  explicit Spaces(bool with_tags)
      : tagged(with_tags),
        mmu({}, {.entries = 8, .ways = 8, .tagged = with_tags},
            {.entries = 8, .ways = 2, .tagged = with_tags}) {
    // Accessed from the start: who hits a global entry that another address space walked for leaves no mark.
    for (const std::uint32_t d : {0U, 1U}) store(directory(d), own_tables, Entry::to(common, 0x27));
  }

  void access() {
    const Address address{
        at(*rc::gen::inRange<std::uint32_t>(0, own_tables + 1), *rc::gen::inRange<std::uint32_t>(0, pages))};
    const Access access = any_access();
    const Privilege privilege = any_privilege();
    RC_ASSERT(mmu.translate(address, access, privilege, directory(space), memory) ==
              plain_walk(address, access, privilege, directory(space), expected, mmu.control()));
  }
  void change_own_page() {
    const std::uint32_t t = *rc::gen::inRange<std::uint32_t>(0, own_tables);
    const std::uint32_t page = *rc::gen::inRange<std::uint32_t>(0, pages);
    store(own_table(space, t), page, any_entry(0x67));
    // The directory may have the table in several places.
    for (std::uint32_t i = 0; i < own_tables; ++i) mmu.flush_page(at(i, page));
  }
  void change_common_page() {
    const std::uint32_t page = *rc::gen::inRange<std::uint32_t>(0, pages);
    store(common, page, any_entry(0x167));
    mmu.flush_page(at(own_tables, page));
    // With tags, other address spaces may keep a page of the common part that was not global.
    if (tagged) mmu.flush(FlushScope::all_but_global);
  }
  void change_table() {
    const std::uint32_t t = *rc::gen::inRange<std::uint32_t>(0, own_tables);
    const FrameNumber target = own_table(space, *rc::gen::inRange<std::uint32_t>(0, own_tables));
    store(directory(space), t,
          *rc::gen::arbitrary<bool>() ? Entry::to(target, any_flags(0x27))
                                      : Entry::to({1024}, any_flags(0x67) | Entry::large));
    mmu.flush(FlushScope::space);
  }
  void switch_space() {
    space = 1 - space;
    mmu.switch_to({space});
  }
  [[nodiscard]] std::string audit() const { return mmu.audit(directory(space), memory); }
  [[nodiscard]] bool marks_agree() const { return same_contents(memory, expected); }

 private:
  static constexpr FrameNumber common{2};
  static FrameNumber directory(std::uint32_t d) { return {d}; }
  static FrameNumber own_table(std::uint32_t d, std::uint32_t t) { return {3 + d * own_tables + t}; }
  static Address at(std::uint32_t t, std::uint32_t page) { return {t << 22 | page << 12}; }
  static Entry any_entry(std::uint32_t flags) {
    return Entry::to({*rc::gen::inRange<std::uint32_t>(10, frames + 4)}, any_flags(flags));
  }
  void store(FrameNumber frame, std::uint32_t index, Entry entry) {
    memory.store(frame, index, entry.bits);
    expected.store(frame, index, entry.bits);
  }

  bool tagged;
  std::uint32_t space = 0;
  PhysicalMemory memory{frames}, expected{frames};
  Mmu mmu;
};

TEST(WalkerProperty, AfterTheRightFlushTheTlbNeverShows) {
  for (const bool tagged : {false, true}) {
    EXPECT_TRUE(rc::check([tagged] {
      Spaces spaces(tagged);
      const auto steps = *rc::gen::inRange(1, 200);
      for (int i = 0; i < steps; ++i) {
        switch (*rc::gen::weightedElement<int>({{20, 0}, {8, 1}, {3, 2}, {2, 3}, {1, 4}})) {
          case 0:
            spaces.access();
            break;
          case 1:
            spaces.change_own_page();
            break;
          case 2:
            spaces.change_common_page();
            break;
          case 3:
            spaces.change_table();
            break;
          default:
            spaces.switch_space();
            break;
        }
        RC_ASSERT(spaces.audit() == "");
      }
      RC_ASSERT(spaces.marks_agree());
    }));
  }
}

TEST(WalkerProperty, WithoutTheFlushTheAuditFindsWhatIsStale) {
  EXPECT_TRUE(rc::check([] {
    PhysicalMemory memory(16);
    Mmu mmu;
    const Address address{0x12345678};
    const std::uint32_t all = Entry::present | Entry::writable | Entry::user;
    const Entry upper = Entry::to({1}, all), lower = Entry::to({2}, all | Entry::global);
    memory.store({0}, address.directory_index(), upper.bits);
    memory.store({1}, address.table_index(), lower.bits);
    (void)mmu.translate(address, *rc::gen::element(Access::write, Access::fetch), any_privilege(), {0},
                        memory);
    (void)mmu.translate(address, Access::write, any_privilege(), {0}, memory);
    RC_ASSERT(mmu.audit({0}, memory).empty());

    // Some rights go, at either level, or the frame changes.
    const std::uint32_t lost = *rc::gen::nonZero<std::uint32_t>() & (all | Entry::dirty | Entry::global);
    const std::uint32_t lost_above = *rc::gen::arbitrary<std::uint32_t>() & all;
    const std::uint32_t moved = *rc::gen::inRange<std::uint32_t>(0, 2);
    const Entry now{memory.load({1}, address.table_index())};
    memory.store({1}, address.table_index(), now.without(lost).bits + moved * page_size);
    memory.store({0}, address.directory_index(), upper.without(lost_above).bits);
    RC_ASSERT(mmu.audit({0}, memory).empty() == (lost == 0 && lost_above == 0 && moved == 0));
    mmu.flush_page(address);
    RC_ASSERT(mmu.audit({0}, memory).empty());
  }));
}

}  // namespace
}  // namespace xensim
