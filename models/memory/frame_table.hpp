/// Who owns each frame of machine memory, what it is used for and how often it is referred to: the only
/// place where these change.
///
/// A frame is used as one type at a time. References as that type are counted in `typed`, all references
/// in `total`; the type may change only while `typed` is 0.
/// A pin is a reference of both kinds, and a flag. (Xen 1.0 keeps bit 30 of both counts instead; no rule
/// can tell the difference.)
/// Source: Xen 1.0 and 1.2, xen/common/memory.c and include/xeno/mm.h, from a description.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.hpp"
#include "models/memory/memory_domain.hpp"

namespace xensim {

enum class FrameType : std::uint8_t { none, l1, l2, l3, l4, gdt, ldt, writable };

/// One frame: 16 bytes, so that none straddles two cache lines.
struct alignas(16) Frame {
  static constexpr std::uint32_t nobody = 0xffffff;

  std::uint32_t total = 0, typed = 0;
  std::uint32_t owner_bits : 24 = nobody;
  std::uint32_t type_bits : 4 = 0;
  std::uint32_t need_flush : 1 = 0;  ///< some TLB may hold a writable translation, even if no entry does
  std::uint32_t pinned : 1 = 0;
  FrameNumber next{};  ///< in the free list or the owner's

  /// Invalid if nobody's: the monitor's own, or free.
  [[nodiscard]] DomainId owner() const { return owner_bits == nobody ? DomainId{} : DomainId{owner_bits}; }
  [[nodiscard]] FrameType type() const { return static_cast<FrameType>(type_bits); }
  /// Its contents obey the rules of this type now.
  [[nodiscard]] bool in_use_as(FrameType wanted) const { return typed != 0 && type() == wanted; }
  [[nodiscard]] bool unreferenced() const { return total == 0 && typed == 0; }
};

/// All operations O(1) unless they say otherwise. Frames named must exist, but for `take_*` and `drop_*`,
/// which refuse others, and a domain's number must be less than Frame::nobody.
class FrameTable {
 public:
  /// What became of a reference asked for.
  enum class Taken : std::uint8_t {
    refused,
    again,               ///< its type was in use already
    first,               ///< its contents are to be checked
    first_after_writes,  ///< besides, the TLB may still let the guest write to it
  };
  enum class Dropped : std::uint8_t { ignored, kept, last };

  /// The first frames are the monitor's own; the others are free, the lowest at the head of the list.
  FrameTable(std::uint32_t frames, std::uint32_t monitor_frames);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool exists(FrameNumber frame) const { return frame.value < size_; }
  [[nodiscard]] const Frame& operator[](FrameNumber frame) const { return frames_[frame.value]; }
  [[nodiscard]] const FrameList& free() const { return free_; }
  [[nodiscard]] static bool may_name(const MemoryDomain& domain, const Frame& frame) {
    return frame.owner_bits == domain.id.value || domain.privileged;
  }
  // Forced inline, here and below: GCC 12 takes a function that only prefetches for one without effect.
  [[gnu::always_inline]] void prefetch(FrameNumber frame) const {
    if (exists(frame)) __builtin_prefetch(&frames_[frame.value]);
  }

  // --- Ownership ---
  /// The head of the free list becomes the last of the domain's; invalid if none is free.
  FrameNumber allocate(MemoryDomain& domain);
  /// Back to the head of the free list, whatever its counts were.
  void give_back(MemoryDomain& domain, FrameNumber frame);
  /// All of a dead domain's, first to last: each ends at the head of the free list. O(frames).
  void give_back_all(MemoryDomain& domain);
  /// A frame of the monitor's is shared with a domain, which can never retype or free it, and taken back.
  void share(FrameNumber frame, const MemoryDomain& domain);
  void unshare(FrameNumber frame);

  // --- Frames that change hands with packets; the monitor's own are in no list ---
  /// The head of the free list becomes the monitor's; invalid if none is free.
  FrameNumber take_free();
  /// One of the monitor's becomes the head of the free list.
  void put_free(FrameNumber frame);
  /// A domain's frame becomes the monitor's, whatever its counts were.
  void seize(MemoryDomain& domain, FrameNumber frame);
  /// One of the monitor's becomes the last of the domain's: mapped writable once, or not at all. In both
  /// cases some TLB may hold a writable translation.
  void bestow(MemoryDomain& domain, FrameNumber frame, bool mapped);

  // --- References by entries of page tables ---
  /// To a page. A writable one needs the type `writable`, which is given if no other is in use.
  [[nodiscard]] bool take_page(FrameNumber frame, bool writable, const MemoryDomain& by) {
    if (!exists(frame)) return false;
    Frame& f = frames_[frame.value];
    if (!may_name(by, f)) return false;
    if (writable) {
      if (f.type() != FrameType::writable) {
        if (f.typed != 0) return false;
        set_type(f, FrameType::writable);
      }
      f.need_flush = 1;
      ++f.typed;
    }
    ++f.total;
    return true;
  }
  /// True if this was a read-only reference to descriptors of an LDT in use, which must be invalidated.
  [[nodiscard]] bool drop_page(FrameNumber frame, bool writable) {
    if (!exists(frame)) return false;
    Frame& f = frames_[frame.value];
    --f.total;
    if (writable) {
      --f.typed;
      return false;
    }
    return f.in_use_as(FrameType::ldt);
  }

  // --- References to tables: by directory entries, bases, pins ---
  [[nodiscard]] Taken take_table(FrameNumber frame, FrameType type, const MemoryDomain& by);
  /// Ignored if the frame is none of `by` or of another type.
  Dropped drop_table(FrameNumber frame, FrameType type, const MemoryDomain& by);
  /// Takes over a reference that take_table() granted; false if pinned already.
  [[nodiscard]] bool pin(FrameNumber frame);
  /// Leaves a reference to be dropped; false if not pinned or none of `by`.
  [[nodiscard]] bool unpin(FrameNumber frame, const MemoryDomain& by);

  // --- References by slots of descriptor tables ---
  /// `frame` must be of the type or have no typed references.
  void take_descriptors(FrameNumber frame, FrameType type);

  // --- References by devices under way ---
  void hold(FrameNumber frame) { ++frames_[frame.value].total; }
  void let_go(FrameNumber frame) { --frames_[frame.value].total; }
  /// As the type in use, which thus stays; a table's is dropped by drop_table().
  void hold_in_use(FrameNumber frame) {
    ++frames_[frame.value].total;
    ++frames_[frame.value].typed;
  }
  /// The device writes to it: false if it is in use as another type. No TLB is concerned.
  [[nodiscard]] bool hold_writable(FrameNumber frame);
  /// What hold_writable() or take_descriptors() took.
  void let_go_typed(FrameNumber frame) {
    --frames_[frame.value].total;
    --frames_[frame.value].typed;
  }

 private:
  static void set_type(Frame& frame, FrameType type) {
    frame.type_bits = static_cast<std::uint8_t>(type) & 0xfU;
  }
  void reset(Frame& frame);
  void unlink(FrameList& list, FrameNumber frame);
  void append(MemoryDomain& domain, FrameNumber frame);

  std::uint32_t size_;
  std::vector<Frame> frames_;
  std::vector<FrameNumber> previous_;  ///< in the owner's list; of free frames without meaning
  FrameList free_;
};

}  // namespace xensim
