/// The cache of directory entries: what names stand for, and which stand for nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/guest/files/disk_layout.hpp"
#include "models/guest/kernel/kernel_context.hpp"

namespace xensim {

using DentryId = Id<struct DentryTag>;

/// The dcache of Linux 2.4.21. An entry is found by its parent and its name; one without an inode is
/// negative: the name is known not to exist. Entries nobody refers to stay until memory is wanted. An entry
/// refers to its parent; there are no hard links and no mounts.
class DentryCache {
 public:
  DentryCache(const KernelContext& context, InodeNumber root);

  [[nodiscard]] static DentryId root() { return {0}; }
  /// d_lookup, without reports: a component of a path is one price.
  [[nodiscard]] std::optional<DentryId> find(DentryId parent, std::string_view name) const;
  /// A new entry, with no reference yet. The name must not be cached.
  DentryId add(DentryId parent, std::string_view name, std::optional<InodeNumber> inode);

  /// Empty: negative.
  [[nodiscard]] std::optional<InodeNumber> inode(DentryId entry) const { return entries_[entry.value].inode; }
  [[nodiscard]] DentryId parent(DentryId entry) const { return entries_[entry.value].parent; }
  [[nodiscard]] const std::string& name(DentryId entry) const { return entries_[entry.value].name; }
  /// A file was created under a negative entry's name.
  void instantiate(DentryId entry, InodeNumber inode) { entries_[entry.value].inode = inode; }

  void get(DentryId entry) { ++entries_[entry.value].references; }
  /// The inode is given up if this was the last reference to an entry that has left the cache.
  [[nodiscard]] std::optional<InodeNumber> put(DentryId id);
  /// d_delete: the name stands for nothing now. An entry without references becomes negative and gives its
  /// inode up; one in use leaves the cache and keeps it until the last put().
  [[nodiscard]] std::optional<InodeNumber> remove(DentryId id);
  /// d_move: the entry takes the place of `target`, which must be negative and unused, and goes.
  void move(DentryId id, DentryId target);
  /// Drops unused negative entries below a directory (shrink_dcache_parent). O(entries).
  void prune_below(DentryId directory);
  [[nodiscard]] bool is_below(DentryId entry, DentryId directory) const;
  /// Drops up to `count` entries without references, the longest unused first. Returns how many.
  /// O(entries log entries).
  std::size_t prune(std::size_t count);

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] std::uint32_t references(DentryId entry) const { return entries_[entry.value].references; }
  [[nodiscard]] std::string audit() const;

 private:
  struct Key {
    DentryId parent;
    std::string_view name;  ///< in the entry

    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    DentryId parent;
    std::string name;
    std::optional<InodeNumber> inode;
    std::uint32_t references = 0;  ///< by files, calls and the entries below
    std::uint64_t used = 0;        ///< order of the last time a reference went
    bool hashed = false;
    bool free = false;
  };
  void unhash(DentryId id);
  void discard(DentryId id);

  const KernelContext& context_;
  std::deque<Entry> entries_;  ///< never moves: keys look at the names
  std::vector<DentryId> free_;
  std::unordered_map<Key, DentryId, Hash> places_;
  std::uint64_t uses_ = 0;
};

}  // namespace xensim
