/// Memory that a guest may return to the machine under it, and ask back.
#pragma once

#include <cstdint>
#include <span>

#include "models/guest/memory/paging.hpp"

namespace xensim {

/// Counted in pages, those included that the guest's allocator never has. Calls charge their time to the
/// processor they are made on.
class MemoryReservation {
 public:
  MemoryReservation() = default;
  MemoryReservation(const MemoryReservation&) = delete;
  MemoryReservation& operator=(const MemoryReservation&) = delete;
  virtual ~MemoryReservation() = default;

  /// That the guest has now, and may ever have.
  [[nodiscard]] virtual std::uint32_t reserved() const = 0;
  [[nodiscard]] virtual std::uint32_t most_reserved() const = 0;
  /// The pages, which nothing refers to, have no frames from now on.
  virtual void give_back(std::span<const PageNumber> pages) = 0;
  /// They have frames again, full of zeros. False, and nothing changed: not all of them are to be had.
  [[nodiscard]] virtual bool take_again(std::span<const PageNumber> pages) = 0;
};

}  // namespace xensim
