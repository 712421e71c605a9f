/// Vectors for tables that are large and looked into everywhere.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace xensim {

/// Asks the host for huge pages where an array is large enough to fill most of one: each look-up would
/// otherwise miss the host's own TLB, and a walk in a virtual machine reads up to 24 words. Only advice: the
/// host may have none.
template <class T>
struct HugePageAllocator {
  using value_type = T;
  static constexpr std::size_t huge_page = std::size_t{2} << 20;
  static constexpr std::size_t size = sizeof(T);  // NOLINT(bugprone-sizeof-expression): of pointers, too

  HugePageAllocator() = default;
  template <class U>
  constexpr HugePageAllocator(const HugePageAllocator<U>& /*other*/) noexcept {}  // NOLINT: as allocators are

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = count * size;
    if (!is_large(bytes)) return static_cast<T*>(::operator new(bytes));
    const std::size_t rounded = (bytes + huge_page - 1) / huge_page * huge_page;
    void* const start = std::aligned_alloc(huge_page, rounded);
    if (start == nullptr) throw std::bad_alloc();
    ::madvise(start, rounded, MADV_HUGEPAGE);
    return static_cast<T*>(start);
  }
  void deallocate(T* start, std::size_t count) noexcept {
    if (is_large(count * size))
      std::free(start);  // NOLINT: from aligned_alloc
    else
      ::operator delete(start);
  }
  constexpr bool operator==(const HugePageAllocator&) const = default;

 private:
  static constexpr bool is_large(std::size_t bytes) { return bytes >= huge_page / 4 * 3; }
};

template <class T>
using LargeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace xensim
