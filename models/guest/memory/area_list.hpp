/// The areas of one address space, in the order of their addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/guest/memory/area.hpp"

namespace xensim {

/// Never overlapping. Changes are O(areas), searches O(log areas); the last one found is found again at once.
class AreaList {
 public:
  static constexpr std::size_t maximum = 65536;

  struct Found {
    std::size_t index = 0;  ///< size(): none
    bool searched = false;  ///< it was not the one found last
  };
  /// The first area that ends above `address`.
  [[nodiscard]] Found find(Address address);

  /// Start of the first hole of `pages` at or above `lowest`, below `limit`; `passed` counts the areas on the
  /// way.
  [[nodiscard]] std::optional<Address> hole(Address lowest, std::uint32_t pages, Address limit,
                                            std::uint32_t& passed) const;

  /// Adds an area where there is none, or extends an anonymous neighbour with the same flags. True if there
  /// is an area more than before; never more than `maximum`: check size() first.
  bool add(Area area);
  /// Takes the range out: areas are dropped, shortened or split. Returns how many overlapped it.
  std::size_t remove(AddressRange range);
  /// Gives all within the range these flags; splits areas at its ends and joins anonymous neighbours.
  void set_protection(AddressRange range, std::uint8_t protection);
  /// The area `index` gets a lower start.
  void grow_down(std::size_t index, Address start) { areas_[index].range.start = start; }
  void clear() {
    areas_.clear();
    last_ = 0;
  }
  /// A copy at the end of the list.
  void append(const Area& area) { areas_.push_back(area); }
  void reserve(std::size_t areas) { areas_.reserve(areas); }

  [[nodiscard]] std::size_t size() const { return areas_.size(); }
  [[nodiscard]] bool empty() const { return areas_.empty(); }
  [[nodiscard]] const Area& operator[](std::size_t index) const { return areas_[index]; }
  [[nodiscard]] auto begin() const { return areas_.begin(); }
  [[nodiscard]] auto end() const { return areas_.end(); }
  [[nodiscard]] std::string audit() const;

 private:
  /// Index of the first area that ends above `address`.
  [[nodiscard]] std::size_t position(Address address) const;
  /// Makes `address` a boundary between areas, if it lies within one.
  void split(Address address);
  /// Joins the area with its follower if both are anonymous, adjacent and alike.
  bool join(std::size_t index);

  std::vector<Area> areas_;
  std::size_t last_ = 0;  ///< found last; may be size()
};

}  // namespace xensim
