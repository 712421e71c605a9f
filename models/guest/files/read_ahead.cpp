#include "models/guest/files/read_ahead.hpp"

#include <algorithm>

namespace xensim {

namespace {
constexpr std::uint32_t page_bytes = 4096;
}  // namespace

void ReadAhead::begin(std::uint64_t offset, std::uint64_t bytes) {
  const auto index = static_cast<std::uint32_t>(offset / page_bytes);
  sequential_ = index <= end_ && index + window_ >= end_;
  if (!sequential_) end_ = next_ = last_ = window_ = 0;
  if (index == 0 && offset + bytes <= page_bytes / 2) {
    next_ = 0;  // a header: nobody knows what follows
    return;
  }
  const auto needed = static_cast<std::uint32_t>((offset % page_bytes + bytes) / page_bytes) + 1;
  next_ = std::max(next_, needed);
  if (sequential_) next_ = std::max(next_, least);
  next_ = std::min(next_, most);
}

ReadAhead::Chunk ReadAhead::at(std::uint32_t index, bool missing, std::uint32_t whole_pages) {
  std::uint32_t first = 0, pages = 0;
  if (missing) {
    // Inside the window somebody asked for it already.
    if (last_ > 0 && index < end_ && index + window_ >= end_) return {};
    first = index + 1;
    pages = next_;
    window_ = 0;
    last_ = 1;
    end_ = first;
  } else {
    const bool in_last_chunk = end_ > 0 && index <= end_ && index + last_ >= end_;
    if (!sequential_ || next_ == 0 || !in_last_chunk) return {};
    first = end_;
    pages = next_ + 1;
  }
  pages = first < whole_pages ? std::min(pages, whole_pages - first) : 0;
  if (pages == 0) {
    if (missing) window_ += last_;
    return {};
  }
  if (!missing) {
    window_ = last_;
    last_ = 0;
  }
  last_ += pages;
  window_ += last_;
  end_ = first + pages;
  next_ = std::min(2 * next_, most);
  return {first, pages};
}

}  // namespace xensim
