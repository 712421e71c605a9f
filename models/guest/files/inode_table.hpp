/// The inodes of a file system by their numbers.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "models/guest/files/disk_layout.hpp"
#include "models/guest/files/inode.hpp"

namespace xensim {

/// A table for each block group, as long as its highest number needs: numbers in a group are given from the
/// first on.
class InodeTable {
 public:
  /// Null if there is none. O(1), here and below.
  [[nodiscard]] Inode* find(InodeNumber number) const {
    const std::uint32_t group = DiskLayout::group_of(number), place = place_in_group(number);
    if (group >= groups_.size() || place >= groups_[group].size()) return nullptr;
    return groups_[group][place].get();
  }
  /// There must be none of that number.
  Inode& add(std::unique_ptr<Inode> inode) {
    const std::uint32_t group = DiskLayout::group_of(inode->number), place = place_in_group(inode->number);
    if (group >= groups_.size()) groups_.resize(group + 1);
    if (place >= groups_[group].size()) groups_[group].resize(place + 1);
    ++size_;
    return *(groups_[group][place] = std::move(inode));
  }
  /// There must be one.
  void erase(InodeNumber number) {
    groups_[DiskLayout::group_of(number)][place_in_group(number)].reset();
    --size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Calls `visit(Inode&)` for each, by number.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& group : groups_) {
      for (const std::unique_ptr<Inode>& inode : group) {
        if (inode != nullptr) visit(*inode);
      }
    }
  }

 private:
  [[nodiscard]] static std::uint32_t place_in_group(InodeNumber number) {
    return (number.value - 1) % DiskLayout::inodes_per_group;
  }

  std::vector<std::vector<std::unique_ptr<Inode>>> groups_;
  std::size_t size_ = 0;
};

}  // namespace xensim
