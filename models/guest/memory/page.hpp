/// What the kernel knows about a page (struct page).
#pragma once

#include <cstdint>

namespace xensim {

class MappedFile;

struct Page {
  static constexpr std::uint32_t none = UINT32_MAX;
  enum class List : std::uint8_t { none, inactive, active };

  std::uint32_t count = 0;     ///< references: entries that map it, the page cache, the kernel; 0: free
  std::uint32_t index = 0;     ///< in `file`
  MappedFile* file = nullptr;  ///< whose page it is in the page cache; the swap cache counts as a file
  std::uint32_t next = none, previous = none;  ///< in its list; `next` is nearer to the tail
  bool reserved = false;                       ///< the kernel's image: never counted, never freed
  bool dirty = false;                          ///< differs from what the disk has, as far as no entry tells
  bool referenced = false;                     ///< used since it was looked at
  bool locked = false;                         ///< being read or written
  bool reading = false;                        ///< not up to date before that is over
  bool laundered = false;                      ///< being written to be freed
  List list = List::none;
};

}  // namespace xensim
