#include "models/guest/memory/reclaim.hpp"

#include <algorithm>

#include "models/guest/memory/address_space.hpp"

namespace xensim {

using List = Page::List;

void Reclaim::begin_pass() {
  wanted_ -= std::min(wanted_, memory_.packets.reap());
  const PageLists& lists = memory_.pages.lists();
  const std::uint64_t ratio = std::uint64_t{wanted_} * lists.size(List::active) /
                              ((std::uint64_t{lists.size(List::inactive)} + 1) * 2);
  refill_inactive(static_cast<std::uint32_t>(ratio));
  to_scan_ = lists.size(List::inactive) / priority_;
  mapped_allowed_ = std::min(wanted_ << (10 - priority_), to_scan_ / 10);
  in_pass_ = true;
}

void Reclaim::refill_inactive(std::uint32_t wanted) {
  PageLists& lists = memory_.pages.lists();
  std::uint32_t looked_at = 0;
  for (std::uint32_t left = lists.size(List::active); wanted > 0 && left > 0; --left) {
    const PageNumber number = lists.tail(List::active);
    Page& page = memory_.pages[number];
    ++looked_at;
    if (page.referenced) {
      page.referenced = false;
      lists.move(number, List::active);
      continue;
    }
    lists.move(number, List::inactive);
    page.referenced = true;
    --wanted;
  }
  memory_.kernel.did(KernelPath::reclaim_refill, looked_at);
}

Reclaim::Next Reclaim::end_pass() {
  in_pass_ = false;
  return --priority_ > 0 ? Next::more : Next::failed;
}

Reclaim::Next Reclaim::step(Time at) {
  if (!in_pass_) begin_pass();
  if (wanted_ == 0) return Next::freed;
  std::uint32_t looked_at = 0;
  const Next next = scan(at, looked_at);
  memory_.kernel.did(KernelPath::reclaim_scan, looked_at);
  return next;
}

Reclaim::Next Reclaim::scan(Time at, std::uint32_t& looked_at) {
  PageLists& lists = memory_.pages.lists();
  for (; to_scan_ > 0; --to_scan_) {
    const PageNumber number = lists.tail(List::inactive);
    if (!number.valid()) break;
    ++looked_at;
    lists.move(number, List::inactive);
    Page& page = memory_.pages[number];
    if (number.value >= end_of_zone_) continue;
    // Under I/O it has one reference more.
    const std::uint32_t others = page.count - (page.locked ? 1 : 0);
    if (others > 1 || page.file == nullptr) {
      if (mapped_allowed_ > 0) {
        --mapped_allowed_;
        continue;
      }
      swap_out();
      return end_pass();
    }
    if (page.locked) {
      if (!page.laundered) continue;
      page_ = number;
      return Next::wait_for_page;
    }
    if (!page.file->on_disk(page.index)) continue;
    if (page.dirty && !will_never_be_read(page)) {
      if (!io_.start(number, true, at)) return Next::wait_for_request;
      page.laundered = true;
      continue;
    }
    free(number);
    if (wanted_ == 0) return Next::freed;
  }
  return end_pass();
}

bool Reclaim::will_never_be_read(const Page& page) const {
  return page.file == memory_.swap.get() && memory_.swap->slots.count(page.index) == 1;
}

void Reclaim::free(PageNumber page) {
  memory_.kernel.did(KernelPath::page_cache_remove);
  memory_.kernel.locked(6);
  Page& state = memory_.pages[page];
  io_.leaves(page);
  if (state.file == memory_.swap.get()) {
    memory_.swap->drop(page);
  } else {
    memory_.kernel.did(KernelPath::buffer_free);
    state.file->forget(state.index);
    state.file = nullptr;
    --memory_.file_pages;
    memory_.pages.put(page);
  }
  --wanted_;
}

void Reclaim::swap_out() {
  PageTables::SwapOut sweep{.wanted = batch, .end_of_zone = end_of_zone_};
  for (std::size_t spaces = memory_.spaces.size() + 1; spaces > 0; --spaces) {
    AddressSpace* space = memory_.spaces.current();
    if (space == nullptr || space->swap_out(sweep)) return;
    memory_.spaces.advance();
  }
}

}  // namespace xensim
