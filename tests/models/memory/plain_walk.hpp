/// What a walk of two-level tables does, written down from the manual without regard to speed: the reference
/// that the MMU is held against.
#pragma once

#include "models/memory/walker.hpp"

namespace xensim {

inline Mmu::Result plain_walk(Address address, Access access, Privilege privilege, FrameNumber directory,
                              PhysicalMemory& memory, const PagingControl& control) {
  const auto read = [&](std::uint32_t frame, std::uint32_t index) {
    return frame < memory.frames() ? memory.load({frame}, index) : 0xffffffff;
  };
  const auto set = [&](std::uint32_t frame, std::uint32_t index, std::uint32_t bits) {
    if (frame < memory.frames()) memory.store({frame}, index, memory.load({frame}, index) | bits);
  };
  const bool user = privilege == Privilege::ring3, write = access == Access::write;
  const auto fault = [&](std::uint32_t bits) -> Mmu::Result {
    return {{}, {address, bits | (write ? 2U : 0U) | (user ? 4U : 0U)}};
  };
  const std::uint32_t upper_index = address.value >> 22, lower_index = address.value >> 12 & 0x3ff;

  const std::uint32_t upper = read(directory.value, upper_index);
  if ((upper & 1) == 0) return fault(0);
  const bool is_large = control.large_pages && (upper & 0x80) != 0;
  std::uint32_t page = upper;
  if (is_large) {
    if ((upper & 0x3e0000) != 0) return fault(1 | 8);
  } else {
    set(directory.value, upper_index, 0x20);
    page = read(upper >> 12, lower_index);
    if ((page & 1) == 0) return fault(0);
  }
  const bool for_users = (upper & 4) != 0 && (page & 4) != 0;
  const bool for_writing = (upper & 2) != 0 && (page & 2) != 0;
  if (user && !for_users) return fault(1);
  if (write && !for_writing && (user || control.write_protect)) return fault(1);

  const std::uint32_t marks = write ? 0x60 : 0x20;
  if (is_large) {
    set(directory.value, upper_index, marks);
    return {{(upper >> 22 << 10) + (upper >> 13 & 0xf) * (1U << 20) + lower_index}};
  }
  set(upper >> 12, lower_index, marks);
  return {{page >> 12}};
}

}  // namespace xensim
