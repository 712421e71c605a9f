#include "models/guest/files/file_system.hpp"

#include <algorithm>

#include "models/guest/files/journal_credits.hpp"

namespace xensim {

FileSystem::FileSystem(const KernelContext& context, PageSource& pages, const DiskLayout& layout)
    : context_(context),
      pages_(pages),
      journal_(context, layout.journal_start(), layout.journal_blocks),
      groups_(context, journal_, layout) {
  Inode& root = add_inode(DiskLayout::root, InodeKind::directory, DiskLayout::root);
  const Journal::LongAgo made(journal_);
  const Journal::Handle handle(journal_, journal_credits::create);
  (void)append_block(root);
  root.size = DiskLayout::block_bytes;
}

FileSystem::~FileSystem() {
  inodes_.for_each([&](const Inode& inode) {
    for (const PageNumber page : inode.cached) {
      if (page.valid()) pages_.drop(page);
    }
  });
}

Inode& FileSystem::add_inode(InodeNumber number, InodeKind kind, InodeNumber parent) {
  constexpr std::uint32_t inode_lines = 8;  // of 480 bytes
  context_.did(KernelPath::inode_create);
  context_.uses(KernelObject::inode, number.value, inode_lines);
  context_.locked(6);  // hash and lists of inodes, its count
  auto inode = std::make_unique<Inode>(number, kind);
  inode->accessed = inode->modified = context_.seconds;
  if (kind == InodeKind::directory) {
    inode->directory = std::make_unique<Directory>(number, parent);
    inode->links = 2;
  }
  return inodes_.add(std::move(inode));
}

void FileSystem::scanned(InodeNumber directory, const Directory::Scan& scan) {
  context_.did(KernelPath::buffer_lookup, scan.blocks);
  context_.locked(4 * std::uint64_t{scan.blocks});
  context_.did(KernelPath::directory_entry, scan.entries - scan.checked);
  context_.did(KernelPath::directory_check, scan.checked);
  context_.reads(KernelObject::block, directory.value, static_cast<std::uint32_t>((scan.entries + 3) / 4));
}

std::optional<InodeNumber> FileSystem::lookup(InodeNumber directory, std::string_view name) {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  Directory::Scan scan;
  const auto found = inode(directory).directory->find(name, scan);
  scanned(directory, scan);
  return found;
}

void FileSystem::update(const Inode& inode) {
  context_.did(KernelPath::buffer_lookup);
  context_.locked(6);                 // buffer's hash and count, list of dirty inodes
  constexpr std::uint32_t lines = 2;  // 128 bytes on the disk, all of them filled from as many in core
  context_.uses(KernelObject::inode, inode.number.value, lines);
  context_.uses(KernelObject::disk_inode, inode.number.value, lines);
  journal_.access(groups_.layout().inode_block(inode.number));
  context_.did(KernelPath::inode_update);
  journal_.dirty(groups_.layout().inode_block(inode.number));
}

void FileSystem::update_alone(const Inode& inode) {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::inode);
  context_.locked(2);  // list of inodes, big kernel lock
  update(inode);
}

bool FileSystem::add_entry(Inode& directory, std::string_view name, InodeNumber inode) {
  const Directory::Scan scan = directory.directory->insert(name, inode);
  scanned(directory.number, scan);
  if (scan.grew && !append_block(directory)) {
    directory.directory->remove_last_block();
    return false;
  }
  if (scan.grew) directory.size += DiskLayout::block_bytes;
  write_entry(directory, scan.block);
  return true;
}

void FileSystem::write_entry(Inode& parent, std::uint32_t block) {
  context_.did(KernelPath::directory_change);
  journal_.change(parent.blocks[block]);
  parent.modified = context_.seconds;
  update(parent);
}

CallResult FileSystem::create(InodeNumber directory, std::string_view name, InodeKind kind) {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::create);
  context_.locked(4);  // directory's semaphore, big kernel lock and the time of day
  const bool is_directory = kind == InodeKind::directory;
  const auto number = groups_.allocate_inode(directory, is_directory);
  if (!number) return CallResult::failed(CallError::no_space);
  Inode& created = add_inode(*number, kind, directory);
  update(created);
  const bool placed = (!is_directory || append_block(created)) && add_entry(inode(directory), name, *number);
  if (!placed) {
    created.links = 0;
    evict(*number);
    return CallResult::failed(CallError::no_space);
  }
  if (is_directory) {
    created.size = DiskLayout::block_bytes;
    journal_.change(created.blocks.front());
    ++inode(directory).links;
    update(inode(directory));
  }
  update(created);
  return {.value = number->value};
}

void FileSystem::unlink(InodeNumber directory, std::string_view name) {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::unlink);
  context_.locked(4);
  Inode& parent = inode(directory);
  Directory::Scan scan;
  Inode& removed = inode(parent.directory->remove(name, scan));
  scanned(directory, scan);
  write_entry(parent, scan.block);
  --removed.links;
  if (removed.links == 0) enter_orphans(removed);
  update(removed);
}

void FileSystem::enter_orphans(Inode& inode) {
  context_.locked(2);  // lock of the file system
  change_orphans(inode);
}

void FileSystem::change_orphans(Inode& inode) {
  journal_.change(DiskLayout::super_block());  // head of the list
  update(inode);                               // the link to the next, in the inode on the disk
}

void FileSystem::evict(InodeNumber number) {
  Inode& gone = inode(number);
  if (gone.links > 0) return;
  constexpr std::uint32_t inode_lines = 8;
  context_.uses(KernelObject::inode, number.value, inode_lines);
  drop_pages(gone, 0);
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::truncate);
  context_.locked(8);  // big kernel lock, list of orphans, inode lists
  if (!gone.blocks.empty()) free_blocks_from(gone, 0);
  change_orphans(gone);
  update(gone);
  context_.did(KernelPath::inode_destroy);
  groups_.free_inode(number);
  inodes_.erase(number);
}

void FileSystem::truncate(InodeNumber number, std::uint64_t size) {
  Inode& file = inode(number);
  if (file.size == size) return;
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const auto pages =
      static_cast<std::uint32_t>((size + DiskLayout::block_bytes - 1) / DiskLayout::block_bytes);
  drop_pages(file, pages);
  const Journal::Handle handle(journal_, journal_credits::truncate);
  free_blocks_from(file, pages);
  file.blocks.resize(pages);
  file.size = size;
  file.modified = context_.seconds;
  file.changed_in = journal_.running_number();
  update(file);
}

CallError FileSystem::rename(InodeNumber directory, std::string_view name, InodeNumber to,
                             std::string_view new_name) {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::rename);
  context_.locked(6);  // both directories' semaphores, that of renaming
  Inode& moved = inode(*lookup(directory, name));
  if (!add_entry(inode(to), new_name, moved.number)) return CallError::no_space;
  Directory::Scan scan;
  (void)inode(directory).directory->remove(name, scan);
  scanned(directory, scan);
  write_entry(inode(directory), scan.block);
  if (moved.directory != nullptr && directory != to) {
    --inode(directory).links;
    ++inode(to).links;
    moved.directory->move_to(to);
    journal_.change(moved.blocks.front());
    update(inode(directory));
    update(inode(to));
  }
  update(moved);
  return CallError::none;
}

void FileSystem::remove_directory(InodeNumber parent, std::string_view name) {
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::unlink);
  context_.locked(4);
  Inode& above = inode(parent);
  Directory::Scan scan;
  Inode& removed = inode(above.directory->remove(name, scan));
  scanned(parent, scan);
  write_entry(above, scan.block);
  --above.links;
  removed.links = 0;
  enter_orphans(removed);
  update(removed);
}

void FileSystem::touch(InodeNumber number) {
  inode(number).modified = context_.seconds;
  update_alone(inode(number));
}

void FileSystem::drop_pages(Inode& inode, std::uint32_t first) {
  for (std::size_t i = first; i < inode.cached.size(); ++i) {
    if (!inode.cached[i].valid()) continue;
    context_.did(KernelPath::buffer_free);
    context_.did(KernelPath::page_cache_remove);
    context_.locked(11);  // page cache twice, LRU, page's lock bit, count and three more bits
    pages_.drop(inode.cached[i]);
  }
  inode.cached.resize(std::min<std::size_t>(inode.cached.size(), first));
  inode.dirtied_by_mapping.erase_from(first);
  inode.written.erase_from(first);
  for (std::size_t i = first; i < inode.blocks.size(); ++i) journal_.forget(inode.blocks[i]);
}

}  // namespace xensim
