#include "models/guest/files/dentry_cache.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace xensim {

std::size_t DentryCache::Hash::operator()(const Key& key) const {
  std::size_t hash = key.parent.value * std::size_t{2654435761};
  for (const char character : key.name) {
    const std::size_t c = static_cast<unsigned char>(character);
    hash = (hash + (c << 4) + (c >> 4)) * 11;
  }
  return hash;
}

DentryCache::DentryCache(const KernelContext& context, InodeNumber root) : context_(context) {
  entries_.push_back({.parent = DentryCache::root(), .name = "/", .inode = root, .references = 1});
}

std::optional<DentryId> DentryCache::find(DentryId parent, std::string_view name) const {
  const auto place = places_.find({parent, name});
  if (place == places_.end()) return std::nullopt;
  return place->second;
}

DentryId DentryCache::add(DentryId parent, std::string_view name, std::optional<InodeNumber> inode) {
  context_.did(KernelPath::dentry_create);
  context_.locked(3);  // the cache's lock to allocate and to hash, the parent's count
  DentryId id{static_cast<std::uint32_t>(entries_.size())};
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  constexpr std::uint32_t lines = 2;
  context_.uses(KernelObject::name, id.value, lines);
  Entry& entry = entries_[id.value];
  entry = {.parent = parent, .name = std::string(name), .inode = inode, .used = ++uses_, .hashed = true};
  get(parent);
  places_.emplace(Key{parent, entry.name}, id);
  return id;
}

std::optional<InodeNumber> DentryCache::put(DentryId id) {
  Entry& entry = entries_[id.value];
  entry.used = ++uses_;
  if (--entry.references > 0 || entry.hashed || id == root()) return std::nullopt;
  const auto inode = entry.inode;
  discard(id);
  return inode;
}

std::optional<InodeNumber> DentryCache::remove(DentryId id) {
  context_.did(KernelPath::dentry_delete);
  context_.locked(2);
  context_.uses(KernelObject::name, id.value);
  Entry& entry = entries_[id.value];
  if (entry.references == 0) return std::exchange(entry.inode, std::nullopt);
  unhash(id);
  return std::nullopt;
}

void DentryCache::unhash(DentryId id) {
  Entry& entry = entries_[id.value];
  places_.erase({entry.parent, entry.name});
  entry.hashed = false;
}

void DentryCache::discard(DentryId id) {
  Entry& entry = entries_[id.value];
  if (entry.hashed) unhash(id);
  entry.free = true;
  free_.push_back(id);
  (void)put(entry.parent);
}

void DentryCache::move(DentryId id, DentryId target) {
  Entry& entry = entries_[id.value];
  unhash(id);
  const DentryId above = entry.parent;
  entry.parent = entries_[target.value].parent;
  entry.name = entries_[target.value].name;
  get(entry.parent);
  discard(target);
  (void)put(above);
  entry.hashed = true;
  places_.emplace(Key{entry.parent, entry.name}, id);
}

void DentryCache::prune_below(DentryId directory) {
  for (std::uint32_t i = 1; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!entry.free && entry.parent == directory && !entry.inode && entry.references == 0) discard({i});
  }
}

bool DentryCache::is_below(DentryId entry, DentryId directory) const {
  for (; entry != root(); entry = parent(entry)) {
    if (entry == directory) return true;
  }
  return directory == root();
}

std::size_t DentryCache::prune(std::size_t count) {
  std::set<std::pair<std::uint64_t, DentryId>> unused;
  const auto collect = [&](DentryId id) {
    const Entry& entry = entries_[id.value];
    if (id != root() && !entry.free && entry.references == 0) unused.emplace(entry.used, id);
  };
  for (std::uint32_t i = 0; i < entries_.size(); ++i) collect({i});
  std::size_t dropped = 0;
  for (; dropped < count && !unused.empty(); ++dropped) {
    const DentryId id = unused.extract(unused.begin()).value().second;
    const DentryId above = parent(id);
    discard(id);
    collect(above);  // nothing below it may be left
  }
  return dropped;
}

std::string DentryCache::audit() const {
  std::vector<std::uint32_t> children(entries_.size());
  std::size_t hashed = 0;
  for (std::uint32_t i = 1; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.free) continue;
    ++children[entry.parent.value];
    hashed += entry.hashed ? 1 : 0;
    if (entries_[entry.parent.value].free) return "an entry's parent is gone: " + entry.name;
    if (!entry.hashed && entry.references == 0) return "an entry nobody can reach is kept: " + entry.name;
    if (entry.hashed && find(entry.parent, entry.name) != DentryId{i})
      return "an entry is lost: " + entry.name;
  }
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].free && entries_[i].references < children[i])
      return "references do not cover the entries below";
  }
  return hashed == places_.size() ? "" : "the hash table holds what is no entry";
}

}  // namespace xensim
