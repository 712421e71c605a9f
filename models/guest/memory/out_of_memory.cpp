#include "models/guest/memory/out_of_memory.hpp"

#include <algorithm>

namespace xensim {
namespace {

std::uint64_t root(std::uint64_t value) {
  std::uint64_t result = 0;
  while ((result + 1) * (result + 1) <= value) ++result;
  return result;
}

}  // namespace

std::uint64_t badness(const Burden& process) {
  // Processor time in units of 10.24 s, age in units of 21.8 minutes.
  const std::uint64_t cpu = process.ticks >> 10, age = process.age >> 17;
  std::uint64_t points = process.mapped_pages / std::max<std::uint64_t>(root(cpu), 1);
  points /= std::max<std::uint64_t>(root(root(age)), 1);
  if (process.nice > 0) points *= 2;
  // Root is spared twice: as root, and for its access to hardware.
  if (process.privileged) points /= 16;
  return points;
}

bool OutOfMemory::failed(std::uint64_t now, std::uint64_t free_swap) {
  if (free_swap > 0) return false;
  const bool anew = !last_ || now - *last_ > 5 * second;
  last_ = now;
  if (anew) {
    first_ = now;
    count_ = 0;
    return false;
  }
  if (now - *first_ < second || ++count_ < 10) return false;
  if (last_kill_ && now - *last_kill_ < 5 * second) return false;
  last_kill_ = first_ = now;
  count_ = 0;
  return true;
}

}  // namespace xensim
