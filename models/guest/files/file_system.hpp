/// An ext3 file system all of whose metadata is cached.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "models/guest/files/block_groups.hpp"
#include "models/guest/files/inode_table.hpp"
#include "models/guest/processes/call_result.hpp"

namespace xensim {

/// ext3 of Linux 2.4.21, 4 KB blocks, ordered mode, without index of directories: inodes, directories, block
/// allocation, cached reads and writes, and what of it joins the journal's running transaction. Every
/// block of metadata is in the buffer cache; a page of a file that is not in memory must be read before a
/// call here uses it (FileCalls). File contents are not kept. Nothing waits here: see Journal::may_begin.
class FileSystem {
 public:
  FileSystem(const KernelContext& context, PageSource& pages, const DiskLayout& layout = {});
  ~FileSystem();
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  /// Searches the directory. O(names).
  [[nodiscard]] std::optional<InodeNumber> lookup(InodeNumber directory, std::string_view name);

  /// A new file: the value is its inode's number. The name must be new. Fails with no_space.
  [[nodiscard]] CallResult create(InodeNumber directory, std::string_view name, InodeKind kind);
  /// The name, which must be there and no directory's, goes away. Its inode lives on until evict().
  void unlink(InodeNumber directory, std::string_view name);
  /// Nobody refers to the inode any more: if it has no name left, it goes with its blocks and pages.
  void evict(InodeNumber number);
  /// The file is so long from now on: it loses what is behind, or has a hole there.
  void truncate(InodeNumber number, std::uint64_t size = 0);
  /// The inode in `directory` under `name`, both of which must be there, gets another name, which must be
  /// new.
  [[nodiscard]] CallError rename(InodeNumber directory, std::string_view name, InodeNumber to,
                                 std::string_view new_name);
  /// A directory without names goes away, as unlink does for a file.
  void remove_directory(InodeNumber parent, std::string_view name);
  /// The file, which is empty, gets blocks for so many bytes: it was written long ago.
  [[nodiscard]] CallError place(InodeNumber number, std::uint64_t bytes);
  /// Its times are set.
  void touch(InodeNumber number);

  // Reading and writing, in parts between which a caller may wait.
  /// Up to the end of the page. The value is the number of bytes; 0: the end of the file, or no memory.
  /// `sought`: the reader did not come from what lies before.
  [[nodiscard]] CallResult read_page(InodeNumber number, std::uint64_t offset, std::uint64_t bytes,
                                     bool sought = true);
  /// The file was read, mapped or executed: its time of access changes, in whole seconds.
  void accessed(InodeNumber number);
  void begin_write(InodeNumber number);
  /// Up to the end of the page; a write that begins behind the end of the file leaves a hole, which reads as
  /// zeros. The value is the number of bytes. Fails if the disk or memory is full.
  [[nodiscard]] CallResult write_page(InodeNumber number, std::uint64_t offset, std::uint64_t bytes);
  /// All of it at once. The value is the number of bytes, fewer than asked for if the disk or memory is full.
  [[nodiscard]] CallResult write(InodeNumber number, std::uint64_t offset, std::uint64_t bytes);

  /// The inode must exist. Valid until it is evicted.
  [[nodiscard]] Inode& inode(InodeNumber number) { return *inodes_.find(number); }
  [[nodiscard]] const Inode& inode(InodeNumber number) const { return *inodes_.find(number); }
  [[nodiscard]] bool exists(InodeNumber number) const { return inodes_.find(number) != nullptr; }
  [[nodiscard]] std::size_t inode_count() const { return inodes_.size(); }
  [[nodiscard]] const BlockGroups& groups() const { return groups_; }
  /// Calls `visit(Inode&)` for each inode, by number.
  template <class Visit>
  void visit_inodes(Visit visit) {
    inodes_.for_each(visit);
  }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  [[nodiscard]] Journal& journal() { return journal_; }

  [[nodiscard]] BlockNumber inode_block(InodeNumber number) const {
    return groups_.layout().inode_block(number);
  }
  /// accessed() would change the inode.
  [[nodiscard]] bool accessed_long_ago(InodeNumber number) const {
    return inode(number).accessed != context_.seconds;
  }

  /// Empty, or how bitmaps, inodes, blocks, pages, names or the journal contradict each other. O(blocks).
  [[nodiscard]] std::string audit() const;

 private:
  Inode& add_inode(InodeNumber number, InodeKind kind, InodeNumber parent);
  void scanned(InodeNumber directory, const Directory::Scan& scan);
  [[nodiscard]] bool add_entry(Inode& directory, std::string_view name, InodeNumber inode);
  /// The inode is written to its block in the buffer cache, within a handle of the caller's or its own.
  void update(const Inode& inode);
  void update_alone(const Inode& inode);

  [[nodiscard]] BlockNumber goal(const Inode& file, std::uint32_t index) const;
  /// A block for block `index` of the file, and what is needed to name it. False: the disk is full.
  [[nodiscard]] bool map_block(Inode& file, std::uint32_t index);
  [[nodiscard]] bool append_block(Inode& file) {
    return map_block(file, static_cast<std::uint32_t>(file.blocks.size()));
  }
  [[nodiscard]] CallError prepare_page(Inode& file, std::uint32_t index, std::uint64_t bytes);
  /// The page is in the cache. False: no memory.
  [[nodiscard]] bool cache_page(Inode& file, std::uint32_t index);
  /// From page, or block, `first` on.
  void drop_pages(Inode& inode, std::uint32_t first);
  void free_blocks_from(Inode& inode, std::uint32_t first);
  void write_entry(Inode& parent, std::uint32_t block);
  /// The list of inodes without a name goes from the super block through the inodes on the disk.
  void enter_orphans(Inode& inode);
  void change_orphans(Inode& inode);

  const KernelContext& context_;
  PageSource& pages_;
  Journal journal_;
  BlockGroups groups_;
  InodeTable inodes_;
};

}  // namespace xensim
