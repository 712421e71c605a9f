#include "models/guest/memory/area_list.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {

std::size_t AreaList::position(Address address) const {
  const auto found = std::upper_bound(areas_.begin(), areas_.end(), address,
                                      [](Address a, const Area& area) { return a < area.range.end; });
  return static_cast<std::size_t>(found - areas_.begin());
}

AreaList::Found AreaList::find(Address address) {
  if (last_ < areas_.size() && areas_[last_].range.holds(address)) return {last_, false};
  const std::size_t index = position(address);
  if (index < areas_.size()) last_ = index;
  return {index, true};
}

std::optional<Address> AreaList::hole(Address lowest, std::uint32_t pages, Address limit,
                                      std::uint32_t& passed) const {
  const std::uint64_t length = std::uint64_t{pages} * page_size;
  for (std::size_t i = position(lowest);; ++i, ++passed) {
    if (lowest.value + length > limit.value) return {};
    if (i == areas_.size() || lowest.value + length <= areas_[i].range.start.value) return lowest;
    lowest = areas_[i].range.end;
  }
}

bool AreaList::add(Area area) {
  const std::size_t before = areas_.size();
  const std::size_t index = position(area.range.start);
  areas_.insert(areas_.begin() + static_cast<std::ptrdiff_t>(index), std::move(area));
  if (last_ >= index) ++last_;
  (void)join(index);
  if (index > 0) (void)join(index - 1);
  return areas_.size() > before;
}

std::size_t AreaList::remove(AddressRange range) {
  const std::size_t overlapped_first = position(range.start);
  std::size_t overlapped = 0;
  while (overlapped_first + overlapped < areas_.size() &&
         areas_[overlapped_first + overlapped].range.start < range.end) {
    ++overlapped;
  }
  if (overlapped == 0) return 0;
  split(range.start);
  split(range.end);
  const auto at = [&](Address address) {
    return areas_.begin() + static_cast<std::ptrdiff_t>(position(address));
  };
  const auto first = at(range.start);
  const auto last =
      std::find_if(first, areas_.end(), [&](const Area& area) { return area.range.start >= range.end; });
  areas_.erase(first, last);
  last_ = areas_.size();
  return overlapped;
}

void AreaList::set_protection(AddressRange range, std::uint8_t protection) {
  split(range.start);
  split(range.end);
  const std::size_t first = position(range.start);
  std::size_t end = first;
  for (; end < areas_.size() && areas_[end].range.start < range.end; ++end) {
    areas_[end].flags = static_cast<std::uint8_t>((areas_[end].flags & ~AreaFlags::protection) | protection);
  }
  // From the end, as each join shifts what follows.
  for (std::size_t i = end; i-- > first;) (void)join(i);
  if (first > 0) (void)join(first - 1);
  last_ = areas_.size();
}

void AreaList::split(Address address) {
  const std::size_t index = position(address);
  if (index == areas_.size() || areas_[index].range.start >= address) return;
  Area upper = areas_[index];
  upper.range.start = address;
  upper.file_page = areas_[index].file_page_of(address);
  areas_[index].range.end = address;
  areas_.insert(areas_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(upper));
}

bool AreaList::join(std::size_t index) {
  if (index + 1 >= areas_.size()) return false;
  Area& area = areas_[index];
  const Area& follower = areas_[index + 1];
  if (area.file || follower.file || area.flags != follower.flags || area.range.end != follower.range.start) {
    return false;
  }
  area.range.end = follower.range.end;
  areas_.erase(areas_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  if (last_ > index) --last_;
  return true;
}

std::string AreaList::audit() const {
  for (std::size_t i = 0; i < areas_.size(); ++i) {
    const AddressRange& range = areas_[i].range;
    if (range.start >= range.end || page_floor(range.start) != range.start ||
        page_floor(range.end) != range.end || (i > 0 && range.start < areas_[i - 1].range.end)) {
      return fmt::format("area {} from {:#x} to {:#x} is out of place", i, range.start.value,
                         range.end.value);
    }
  }
  return {};
}

}  // namespace xensim
