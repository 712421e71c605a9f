#include "models/memory/frame_table.hpp"

#include <cassert>

namespace xensim {

static_assert(sizeof(Frame) + 2 * sizeof(FrameNumber) <= 24,
              "with its place among the contents, a frame costs at most 24 bytes");

FrameTable::FrameTable(std::uint32_t frames, std::uint32_t monitor_frames)
    : size_(frames), frames_(frames), previous_(frames) {
  assert(monitor_frames > 0 && monitor_frames < frames);
  free_ = {.first = {monitor_frames}, .last = {frames - 1}, .count = frames - monitor_frames};
  for (std::uint32_t i = monitor_frames; i + 1 < frames; ++i) frames_[i].next = {i + 1};
}

void FrameTable::reset(Frame& frame) {
  frame.total = frame.typed = 0;
  frame.owner_bits = Frame::nobody;
  frame.need_flush = frame.pinned = 0;
  set_type(frame, FrameType::none);
}

void FrameTable::append(MemoryDomain& domain, FrameNumber frame) {
  Frame& f = frames_[frame.value];
  f.owner_bits = domain.id.value & Frame::nobody;
  f.next = {};
  FrameList& list = domain.frames;
  previous_[frame.value] = list.last;
  (list.last.valid() ? frames_[list.last.value].next : list.first) = frame;
  list.last = frame;
  ++list.count;
}

FrameNumber FrameTable::allocate(MemoryDomain& domain) {
  const FrameNumber frame = take_free();
  if (frame.valid()) append(domain, frame);
  return frame;
}

FrameNumber FrameTable::take_free() {
  const FrameNumber frame = free_.first;
  if (!frame.valid()) return frame;
  free_.first = frames_[frame.value].next;
  if (--free_.count == 0) free_ = {};
  return frame;
}

void FrameTable::put_free(FrameNumber frame) {
  frames_[frame.value].next = free_.first;
  free_.first = frame;
  if (free_.count++ == 0) free_.last = frame;
}

void FrameTable::seize(MemoryDomain& domain, FrameNumber frame) {
  unlink(domain.frames, frame);
  reset(frames_[frame.value]);
}

void FrameTable::bestow(MemoryDomain& domain, FrameNumber frame, bool mapped) {
  append(domain, frame);
  Frame& f = frames_[frame.value];
  f.need_flush = 1;
  if (!mapped) return;
  set_type(f, FrameType::writable);
  f.total = f.typed = 1;
}

void FrameTable::unlink(FrameList& list, FrameNumber frame) {
  const FrameNumber before = previous_[frame.value], after = frames_[frame.value].next;
  (before.valid() ? frames_[before.value].next : list.first) = after;
  (after.valid() ? previous_[after.value] : list.last) = before;
  --list.count;
}

void FrameTable::give_back(MemoryDomain& domain, FrameNumber frame) {
  seize(domain, frame);
  put_free(frame);
}

void FrameTable::give_back_all(MemoryDomain& domain) {
  while (domain.frames.first.valid()) give_back(domain, domain.frames.first);
}

void FrameTable::share(FrameNumber frame, const MemoryDomain& domain) {
  Frame& f = frames_[frame.value];
  f.owner_bits = domain.id.value & Frame::nobody;
  set_type(f, FrameType::writable);
  f.need_flush = 1;
  f.total = f.typed = 2;
}

void FrameTable::unshare(FrameNumber frame) { reset(frames_[frame.value]); }

FrameTable::Taken FrameTable::take_table(FrameNumber frame, FrameType type, const MemoryDomain& by) {
  if (!exists(frame)) return Taken::refused;
  Frame& f = frames_[frame.value];
  if (!may_name(by, f)) return Taken::refused;
  Taken taken = f.typed == 0 ? Taken::first : Taken::again;
  if (f.type() != type) {
    if (f.typed != 0) return Taken::refused;
    if (f.need_flush != 0) taken = Taken::first_after_writes;
    f.need_flush = 0;
    set_type(f, type);
  }
  ++f.total;
  ++f.typed;
  return taken;
}

FrameTable::Dropped FrameTable::drop_table(FrameNumber frame, FrameType type, const MemoryDomain& by) {
  if (!exists(frame)) return Dropped::ignored;
  Frame& f = frames_[frame.value];
  if (!may_name(by, f) || f.type() != type) return Dropped::ignored;
  --f.total;
  return --f.typed == 0 ? Dropped::last : Dropped::kept;
}

bool FrameTable::pin(FrameNumber frame) {
  Frame& f = frames_[frame.value];
  if (f.pinned != 0) return false;
  f.pinned = 1;
  return true;
}

bool FrameTable::unpin(FrameNumber frame, const MemoryDomain& by) {
  Frame& f = frames_[frame.value];
  if (!may_name(by, f) || f.pinned == 0) return false;
  f.pinned = 0;
  return true;
}

void FrameTable::take_descriptors(FrameNumber frame, FrameType type) {
  Frame& f = frames_[frame.value];
  if (f.type() != type) {
    set_type(f, type);
    f.need_flush = 0;
  }
  ++f.total;
  ++f.typed;
}

bool FrameTable::hold_writable(FrameNumber frame) {
  Frame& f = frames_[frame.value];
  if (f.type() != FrameType::writable) {
    if (f.typed != 0) return false;
    set_type(f, FrameType::writable);
  }
  ++f.total;
  ++f.typed;
  return true;
}

}  // namespace xensim
