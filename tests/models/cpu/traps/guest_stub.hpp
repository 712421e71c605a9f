/// A guest as traps see it: segments, and pages that may or may not be written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "models/cpu/traps/guest_segment.hpp"
#include "models/cpu/traps/vectors.hpp"

namespace xensim::test {

/// The monitor's flat segments and those of a table of the guest's own; all pages writable but some.
class GuestStub {
 public:
  [[nodiscard]] bool store(std::uint16_t selector, std::uint32_t offset, std::uint32_t word) {
    const auto address = writable_address(segment(selector), offset, 4);
    if (!address || unwritable.contains(address->page()) || unwritable.contains((address->value + 3) >> 12)) {
      return false;
    }
    words[address->value] = word;
    return true;
  }

  [[nodiscard]] std::optional<std::uint32_t> load(std::uint32_t address) const {
    const auto found = words.find(address);
    return found == words.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<std::uint32_t, std::uint32_t> words;  ///< by linear address
  std::set<std::uint32_t> unwritable;            ///< page numbers
  std::map<std::uint16_t, SegmentDescriptor> segments{{flat_kernel_data, {0x0000c3ff, 0x00cfb200}},
                                                      {flat_user_data, {0x0000c3ff, 0x00cff200}}};

 private:
  [[nodiscard]] SegmentDescriptor segment(std::uint16_t selector) const {
    const auto found = segments.find(selector);
    return found == segments.end() ? SegmentDescriptor{} : found->second;
  }
};

}  // namespace xensim::test
