/// What a kernel keeps in memory, object by object, as the caches see it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "core/large_vector.hpp"
#include "models/cpu/processor.hpp"

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
  descriptor,       ///< a line of a network interface's rings, or its status block
  socket,           ///< struct sock
  unix_socket,      ///< sock and inode of a socket of the Unix domain
  semaphores,       ///< a set of System V semaphores
  packet,           ///< sk_buff and the end of its data, by the page of the data
  packet_clone,     ///< sk_buff of a packet on its way out, by the same
  count_,
};

/// Names of objects in the caches, given when an object is first used, and whose caches hold them. Room for
/// the highest number of each kind.
///
/// Several processors may hold what they only read. Lines that one writes are gone from the caches of all
/// others (MESI): they fetch them again at the price of a miss, for on a front-side bus a line that another
/// cache has changed takes about as long as memory. Which lines of an object they are is not known: always
/// the same. That a write tells the others is not charged: stores are buffered. Processors whose numbers are
/// 32 apart count as one.
class ObjectFootprints {
 public:
  explicit ObjectFootprints(std::function<FootprintId()> new_footprint) : new_(std::move(new_footprint)) {}

  /// Only the caches of others may hold all of the object as it is now.
  [[nodiscard]] bool is_elsewhere(KernelObject kind, std::uint32_t number, const Processor& by) {
    const std::uint32_t holders = at(kind, number).holders;
    return holders != 0 && (holders & bit_of(by)) == 0;
  }
  /// The object's name, for `by`, which reads it. O(1).
  [[nodiscard]] FootprintId read(KernelObject kind, std::uint32_t number, Processor& by) {
    Object& object = at(kind, number);
    if ((object.holders & bit_of(by)) == 0) meet(object, by);
    return object.name;
  }
  /// The same for `by` that writes so many lines of it. O(1), and for each other processor that holds them
  /// what Processor::invalidate takes.
  [[nodiscard]] FootprintId written(KernelObject kind, std::uint32_t number, std::uint32_t lines,
                                    Processor& by) {
    Object& object = at(kind, number);
    if (object.holders != bit_of(by) || object.changed < lines) take_from_others(object, lines, by);
    return object.name;
  }
  /// A device writes it in memory: no cache keeps it.
  void written_by_device(KernelObject kind, std::uint32_t number) {
    Object& object = at(kind, number);
    for (; object.users != 0; object.users &= object.users - 1) {
      processors_[static_cast<std::size_t>(std::countr_zero(object.users))]->invalidate(object.name, whole);
    }
    object.holders = object.changed = 0;
  }

 private:
  static constexpr std::uint32_t whole = UINT32_MAX;  ///< object
  struct Object {
    FootprintId name;
    std::uint32_t holders = 0;  ///< processors that may hold it as it is now, a bit for each
    std::uint32_t users = 0;    ///< all that may hold some of it
    std::uint32_t changed = 0;  ///< lines that those lack
  };
  [[nodiscard]] static std::size_t place_of(const Processor& processor) { return processor.id().value % 32; }
  [[nodiscard]] static std::uint32_t bit_of(const Processor& processor) { return 1U << place_of(processor); }
  [[nodiscard]] Object& at(KernelObject kind, std::uint32_t number) {
    LargeVector<Object>& all = objects_[static_cast<std::size_t>(kind)];
    if (number >= all.size()) all.resize(number + 1);
    return all[number];
  }
  void meet(Object& object, Processor& by) {
    if (!object.name.valid()) object.name = new_();
    object.holders |= bit_of(by);
    object.users |= bit_of(by);
    processors_[place_of(by)] = &by;
  }
  void take_from_others(Object& object, std::uint32_t lines, Processor& by) {
    const bool had_others = (object.holders & ~bit_of(by)) != 0;
    meet(object, by);
    for (std::uint32_t others = object.users & ~bit_of(by); others != 0; others &= others - 1) {
      const auto place = static_cast<std::size_t>(std::countr_zero(others));
      const std::uint32_t lacks = (object.holders >> place & 1) == 0 ? object.changed : 0;
      if (lines > lacks) processors_[place]->invalidate(object.name, lines - lacks);
    }
    object.changed = had_others ? lines : std::max(object.changed, lines);
    object.holders = bit_of(by);
  }

  std::function<FootprintId()> new_;
  std::array<LargeVector<Object>, static_cast<std::size_t>(KernelObject::count_)> objects_;
  std::array<Processor*, 32> processors_{};  ///< all that used an object, by their bits
};

}  // namespace xensim
