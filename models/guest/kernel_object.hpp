/// What a kernel keeps in memory, object by object, as the caches see it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "models/memory/cache_footprint.hpp"

namespace xensim {

/// Kinds of objects; each is numbered as its part of the kernel numbers them.
enum class KernelObject : std::uint8_t {
  code,             ///< of a KernelPath
  statics,          ///< what every run of a KernelPath uses: list heads, counters, caches of its allocator
  page,             ///< contents of a page of memory
  page_descriptor,  ///< struct page
  process,          ///< task structure, kernel stack, tables of files and signals
  space,            ///< mm_struct and the areas of an address space, by its directory's page
  name,             ///< dentry
  inode,            ///< in core
  disk_inode,       ///< in its block in the buffer cache
  buffer,           ///< buffer head and journal head of a block of metadata
  data_buffer,      ///< the same of a block of data
  block,            ///< contents of a block of metadata
  count_,
};

/// Names of objects in the caches, given when an object is first used. O(1); room for the highest number.
class ObjectFootprints {
 public:
  explicit ObjectFootprints(std::function<FootprintId()> new_footprint) : new_(std::move(new_footprint)) {}

  [[nodiscard]] FootprintId of(KernelObject kind, std::uint32_t number) {
    std::vector<FootprintId>& all = names_[static_cast<std::size_t>(kind)];
    if (number >= all.size()) all.resize(number + 1);
    if (!all[number].valid()) all[number] = new_();
    return all[number];
  }

 private:
  std::function<FootprintId()> new_;
  std::array<std::vector<FootprintId>, static_cast<std::size_t>(KernelObject::count_)> names_;
};

}  // namespace xensim
