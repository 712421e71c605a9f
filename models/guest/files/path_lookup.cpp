#include "models/guest/files/path_lookup.hpp"

#include <algorithm>

namespace xensim {

void PathLookup::copy_name(std::string_view path) {
  context_.did(KernelPath::name_copy);
  context_.did(KernelPath::path_character, path.size());
}

PathLookup::Found PathLookup::walk(std::string_view path, DentryId working_directory) {
  context_.did(KernelPath::path_start);
  context_.locked(4);  // lock and unlock of root and working directory, their references
  if (path.empty()) return {.entry = {}, .inode = {}, .error = CallError::no_entry};
  DentryId entry = path.front() == '/' ? DentryCache::root() : working_directory;
  while (!path.empty()) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    if (name.empty() || name == ".") continue;
    const auto inode = entries_.inode(entry);
    constexpr std::uint32_t name_lines = 2, count_lines = 1, inode_lines = 2;
    context_.uses(KernelObject::name, entry.value, name_lines, count_lines);
    if (inode) context_.reads(KernelObject::inode, inode->value, inode_lines);
    if (!inode) return {.entry = {}, .inode = {}, .error = CallError::no_entry};
    if (files_.inode(*inode).kind != InodeKind::directory) {
      return {.entry = {}, .inode = {}, .error = CallError::not_directory};
    }
    entry = step(entry, name);
  }
  const auto inode = entries_.inode(entry);
  return {.entry = entry, .inode = inode, .error = inode ? CallError::none : CallError::no_entry};
}

DentryId PathLookup::step(DentryId directory, std::string_view name) {
  context_.did(KernelPath::path_component);
  context_.locked(3);  // the cache's lock, the entry's count up and down
  if (name == "..") return entries_.parent(directory);
  if (const auto cached = entries_.find(directory, name)) return *cached;
  context_.locked(3);  // the directory's semaphore, the big kernel lock
  return entries_.add(directory, name, files_.lookup(*entries_.inode(directory), name));
}

}  // namespace xensim
