/// The contents of a directory: a list of names, searched from front to back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/guest/files/disk_layout.hpp"

namespace xensim {

/// A directory of ext3 without an index: blocks of records, each a name and an inode with the gap behind it.
/// Pure; operations say how far the real ones have to look, which is O(entries); an index of our own makes
/// them O(blocks + entries of a block).
class Directory {
 public:
  /// What an operation looked at, and the block it ended in.
  struct Scan {
    std::uint64_t entries = 0;  ///< records passed over, the last included
    std::uint64_t checked = 0;  ///< of those, records held against the rules before they were passed
    std::uint32_t blocks = 0;   ///< blocks visited
    std::uint32_t block = 0;    ///< index of the block with the record
    bool grew = false;          ///< that block is new
  };

  /// Holds "." and "..".
  Directory(InodeNumber self, InodeNumber parent);

  /// Starts in the block of the last hit. An absent name costs all records.
  [[nodiscard]] std::optional<InodeNumber> find(std::string_view name, Scan& scan);
  /// The first gap that is big enough. The name must be new and at most 255 bytes long.
  [[nodiscard]] Scan insert(std::string_view name, InodeNumber inode);
  /// The name must exist. Its space goes to the record before it.
  InodeNumber remove(std::string_view name, Scan& scan);

  /// The directory, not the root, lies in another from now on.
  void move_to(InodeNumber parent) { blocks_[0][1].inode = parent; }
  [[nodiscard]] bool empty() const { return names_ == 0; }

  /// Undoes an insertion that made the directory grow.
  void remove_last_block();

  [[nodiscard]] std::uint32_t blocks() const { return static_cast<std::uint32_t>(blocks_.size()); }
  [[nodiscard]] std::uint64_t names() const { return names_; }  ///< without "." and ".."
  /// Of all names but those two.
  [[nodiscard]] std::vector<InodeNumber> inodes() const;
  /// Calls `visit(name)` for all, those two included, in their order.
  template <class Visit>
  void visit_names(Visit visit) const {
    for (const Block& block : blocks_) {
      for (const Record& record : block) {
        if (record.inode.valid()) visit(std::string_view(record.name));
      }
    }
  }
  [[nodiscard]] std::string audit() const;

 private:
  struct Record {
    InodeNumber inode;  ///< invalid: unused
    std::uint32_t bytes;
    std::string name;

    [[nodiscard]] std::uint32_t used() const;
  };
  using Block = std::vector<Record>;
  [[nodiscard]] static std::uint32_t bytes_for(std::string_view name) {
    return (8 + static_cast<std::uint32_t>(name.size()) + 3) / 4 * 4;
  }
  [[nodiscard]] static Block::iterator find_in(Block& block, std::string_view name, Scan& scan);
  [[nodiscard]] bool place(std::uint32_t index, std::string_view name, InodeNumber inode, Scan& scan);

  std::vector<Block> blocks_;
  std::vector<std::uint32_t> gaps_;                        ///< by block: none in it is larger
  std::unordered_map<std::string, std::uint32_t> places_;  ///< the block of each name
  std::uint32_t start_ = 0;                                ///< block of the last hit
  std::uint64_t names_ = 0;
};

}  // namespace xensim
