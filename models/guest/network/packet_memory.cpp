#include "models/guest/network/packet_memory.hpp"

#include <algorithm>

namespace xensim {

TcpBuffer PacketMemory::slot() {
  if (!free_.empty()) {
    const std::uint32_t value = free_.back();
    free_.pop_back();
    return {value};
  }
  buffers_.emplace_back();
  return {static_cast<std::uint32_t>(buffers_.size() - 1)};
}

std::optional<TcpBuffer> PacketMemory::allocate(std::uint32_t bytes) {
  const std::uint32_t wanted = std::max((bytes + page_size - 1) / page_size, 1U);
  Buffer buffer;
  while (buffer.count < wanted) {
    const std::optional<PageNumber> page = buffer.count == 0
                                               ? memory_.packets.allocate()
                                               : memory_.pages.allocate(0, PageAllocator::Need::atomic);
    if (!page) {
      for (std::uint32_t i = 0; i < buffer.count; ++i) put(buffer.pages[i]);
      return {};
    }
    buffer.pages[buffer.count++] = *page;
    hold(*page);
  }
  const TcpBuffer name = slot();
  buffers_[name.value] = buffer;
  return name;
}

TcpBuffer PacketMemory::adopt(PageNumber page, std::uint32_t offset) {
  const TcpBuffer name = slot();
  buffers_[name.value] = {.pages = {page}, .count = 1, .offset = offset};
  hold(page);
  return name;
}

TcpBuffer PacketMemory::share(TcpBuffer buffer, std::uint32_t before) {
  const TcpBuffer name = slot();
  Buffer same = buffers_[buffer.value];
  same.offset -= before;
  buffers_[name.value] = same;
  for (std::uint32_t i = 0; i < same.count; ++i) hold(same.pages[i]);
  return name;
}

void PacketMemory::release(TcpBuffer name) {
  Buffer& buffer = buffers_[name.value];
  for (std::uint32_t i = 0; i < buffer.count; ++i) put(buffer.pages[i]);
  buffer.count = 0;
  free_.push_back(name.value);
}

void PacketMemory::put(PageNumber page) {
  if (--holders_[page.value] > 0) return;
  if (memory_.packets.owns(page)) {
    memory_.packets.free(page);
  } else {
    (void)memory_.pages.put(page);
  }
}

void PacketMemory::count_references(std::span<std::uint32_t> references) const {
  for (std::uint32_t page = 0; page < holders_.size(); ++page) {
    if (holders_[page] > 0) ++references[page];
  }
}

}  // namespace xensim
