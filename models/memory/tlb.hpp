/// A translation look-aside buffer.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "core/ids.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// An address space, for TLBs that tell them apart.
using AddressSpaceId = Id<struct AddressSpaceTag>;

/// What a walk of the page tables found.
struct Translation {
  FrameNumber frame;  ///< of a 4 MB page, the first; may lie beyond memory
  /// PageTableEntry's: writable and user as both levels allow, dirty, global, large.
  std::uint32_t flags = 0;

  constexpr bool operator==(const Translation&) const = default;
  [[nodiscard]] constexpr bool has(std::uint32_t wanted) const { return (flags & wanted) == wanted; }
  /// The 4 KB frame that an address within the page lies in.
  [[nodiscard]] constexpr FrameNumber frame_of(Address address) const {
    return has(PageTableEntry::large) ? FrameNumber{frame.value + address.table_index()} : frame;
  }
};

struct TlbShape {
  std::uint32_t entries = 64;  ///< at most 32767
  std::uint32_t ways = 64;     ///< `entries / ways` sets, a power of two
  /// Entries know their address space and survive a switch to another. The i386 has none of this.
  bool tagged = false;
};
/// Of a Xeon of 2002 without Hyper-Threading; 4 KB and 4 MB pages share the entries (Intel, IA-32 Software
/// Developer's Manual volume 3, section 10.1). How it replaces entries is not published. That its instruction
/// TLB cuts 4 MB pages up into small ones is left out.
inline constexpr TlbShape data_tlb_shape{.entries = 64, .ways = 64},
    instruction_tlb_shape{.entries = 128, .ways = 4};

/// How much a flush drops.
enum class FlushScope : std::uint8_t {
  space,           ///< entries of the current address space, but not global ones: all of them if untagged
  all_but_global,  ///< a load of CR3 without tags
  everything,      ///< a change of paging mode in CR0 or CR4
};

/// Translations of recently used pages; in each set the least recently used makes room. Holds what it was
/// given until it is flushed, whatever becomes of the tables.
///
/// An index finds an entry in O(1) in any organisation. A hit only notes when it was, so that it is cheap.
/// The rings that keep the order of use learn of it when an entry comes up to make room: if it was used
/// since, it goes back to where it belongs. What takes the oldest slot is the newest once the ring starts at
/// the next.
class Tlb {
 public:
  struct Counts {
    std::uint64_t hits = 0, misses = 0;
    std::uint64_t flushes = 0;       ///< of any scope
    std::uint64_t page_flushes = 0;  ///< whether or not the page was present
    std::uint64_t evictions = 0;     ///< entries that made room for others
  };
  struct Entry {
    Address page;  ///< its first address
    Translation translation{};
    constexpr bool operator==(const Entry&) const = default;
  };

  explicit Tlb(const TlbShape& shape);

  /// The translation of the page that `address` lies in, now the most recently used of its set; null if there
  /// is none. Valid until the TLB changes. Expected O(1). Of a small and a large page, the small one counts.
  [[nodiscard]] const Translation* lookup(Address address) {
    Found& found = found_[address.page() % found_.size()];
    if (found.page != address.page() || slots_[found.slot].key != found.key) {
      std::uint16_t slot = find(key(address, false, space_));
      if (slot == none_ && unusual_ > 0) slot = find_unusual(address);
      if (slot == none_) {
        ++counts_.misses;
        return nullptr;
      }
      found = {slots_[slot].key, address.page(), slot};
    }
    ++counts_.hits;
    Slot& slot = slots_[found.slot];
    slot.used = ++now_;
    return &slot.translation;
  }

  /// Enters a page that lookup() did not find, as its most recently used. Returns what lookup() would. O(1),
  /// and O(ways) at worst for each hit before.
  const Translation& insert(Address address, Translation translation) {
    const bool unusual = is_unusual(translation);
    const Key added = unusual ? unusual_key(address, translation) : key(address, false, space_);
    assert(find(added) == none_);
    std::uint16_t& oldest = oldest_[set_of(added)];
    // Nothing in the ring was used before the time that its oldest slot is listed with.
    if (listed_[oldest] != slots_[oldest].used) settle(oldest);
    const std::uint16_t slot = oldest;
    Slot& made = slots_[slot];
    if (made.key != no_key) {
      leave(slot);
      ++counts_.evictions;
    } else {
      filled_[slot / 64] |= std::uint64_t{1} << slot % 64;
      ++size_;
    }
    made.translation = translation;
    made.used = listed_[slot] = ++now_;
    oldest = made.newer;  // which makes it the newest
    enter(slot, added);
    if (unusual) {
      ++unusual_;
      forget_found();  // a page that this covers may have an entry of its own, which counts
    }
    return made.translation;
  }

  /// The processor itself drops a page's entries: not counted as a flush.
  void drop(Address address);

  /// INVLPG: drops the page's entries of the current address space and global ones.
  void flush_page(Address address) {
    ++counts_.page_flushes;
    drop(address);
  }
  /// O(entries in use), here and below.
  void flush(FlushScope scope);
  /// Another address space from now on. Without tags that is a flush of all but global entries.
  void switch_to(AddressSpaceId space);

  /// The entries that the current address space can hit, in a fixed order.
  [[nodiscard]] std::vector<Entry> visible() const;
  /// Entries in use, of all address spaces.
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  using Key = std::uint64_t;  ///< address space, page number, size
  static constexpr Key no_key = UINT64_MAX;
  struct Slot {
    Key key = no_key;
    Translation translation{};
    std::uint64_t used = 0;              ///< when; 0 if it is empty
    std::uint16_t next = 0;              ///< with the same hash; none_ after the last
    std::uint16_t newer = 0, older = 0;  ///< in the ring of its set
    std::uint16_t bucket = 0;            ///< of its key
  };

  /// Where a page was found last: still there while the slot has that key.
  struct Found {
    Key key = 0;  ///< which no slot has without a lookup
    std::uint32_t page = UINT32_MAX;
    std::uint16_t slot = 0;
  };
  void forget_found() { found_.fill({}); }
  template <class Do>
  void for_each_filled(const Do& act) const {
    for (std::size_t word = 0; word < filled_.size(); ++word) {
      for (std::uint64_t left = filled_[word]; left != 0; left &= left - 1) {
        act(static_cast<std::uint16_t>(word * 64 + static_cast<unsigned>(std::countr_zero(left))));
      }
    }
  }

  [[nodiscard]] static constexpr Key key(Address address, bool large, AddressSpaceId space) {
    return Key{space.value} << 32 | std::uint64_t{large ? address.directory_index() : address.page()} << 1 |
           Key{large};
  }
  [[nodiscard]] std::size_t bucket_of(Key key) const { return key * 0x9E3779B97F4A7C15 >> hash_shift_; }
  /// The slot, or none_.
  [[nodiscard]] std::uint16_t find(Key key) const {
    std::uint16_t slot = buckets_[bucket_of(key)];
    while (slots_[slot].key != key) {
      slot = slots_[slot].next;
      if (slot == none_)
        break;  // only now: an empty chain then takes the same branches as one of another key
    }
    return slot;
  }
  /// Large pages and, with tags, global ones.
  [[nodiscard]] std::uint16_t find_unusual(Address address) const;
  [[nodiscard]] bool is_unusual(const Translation& translation) const {
    return (translation.flags & unusual_flags_) != 0;
  }
  [[nodiscard]] Key unusual_key(Address address, const Translation& translation) const {
    const bool shared = tagged_ && translation.has(PageTableEntry::global);
    return key(address, translation.has(PageTableEntry::large), shared ? every_space : space_);
  }
  [[nodiscard]] std::uint32_t set_of(Key key) const {
    return (static_cast<std::uint32_t>(key) >> 1) & (sets_ - 1);
  }
  void unlink(std::uint16_t slot);
  void link_between(std::uint16_t older, std::uint16_t newer, std::uint16_t slot);
  /// Puts a slot that is in no ring into that of `oldest`.
  void make_oldest(std::uint16_t& oldest, std::uint16_t slot);
  /// Takes back the slots at the end of a ring to where their last use belongs, until the oldest is the one
  /// that is to make room: an empty or the least recently used one.
  void settle(std::uint16_t& oldest);
  /// Into the index and out of it.
  void enter(std::uint16_t slot, Key key) {
    Slot& entered = slots_[slot];
    entered.bucket = static_cast<std::uint16_t>(bucket_of(key));
    std::uint16_t& bucket = buckets_[entered.bucket];
    entered.key = key;
    entered.next = bucket;
    bucket = slot;
  }
  void leave(std::uint16_t slot) {
    const Slot& gone = slots_[slot];
    std::uint16_t* link = &buckets_[gone.bucket];
    while (*link != slot) link = &slots_[*link].next;
    *link = gone.next;
    if (is_unusual(gone.translation)) --unusual_;
  }
  void forget(std::uint16_t slot);
  void forget_everything();

  /// Holds the global entries of a tagged TLB.
  static constexpr AddressSpaceId every_space{};

  std::uint32_t sets_;
  std::uint16_t none_;  ///< after the slots of all sets; always empty
  bool tagged_;
  std::uint32_t unusual_flags_;  ///< of entries that a first look by page number does not find
  unsigned hash_shift_;
  AddressSpaceId space_{0};
  std::uint32_t size_ = 0, unusual_ = 0;  ///< entries, and how many of them are unusual
  std::uint64_t now_ = 0;
  std::array<Found, 64> found_{};       ///< by page number
  std::vector<Slot> slots_;             ///< a set's ways side by side; none_
  std::vector<std::uint64_t> listed_;   ///< by slot: the time of use that its place in the ring goes by
  std::vector<std::uint16_t> oldest_;   ///< by set: where its ring starts; the next older is the newest
  std::vector<std::uint16_t> buckets_;  ///< the first slot of each hash
  std::vector<std::uint64_t> filled_;   ///< a bit for each slot that is not empty
  Counts counts_;
};

}  // namespace xensim
