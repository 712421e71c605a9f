/// Files of a system that has been in use for long, without the time that took.
#include <algorithm>
#include <set>

#include "models/guest/files/regular_file.hpp"
#include "models/guest/processes/process_kernel.hpp"

namespace xensim {

void ProcessKernel::make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string directory = path.substr(0, end);
    if (!calls_.find(kernel_files_, directory).inode) (void)calls_.mkdir(kernel_files_, directory);
  }
}

CallResult ProcessKernel::place_files(GuestProcess& caller, std::span<const Self::PlacedFile> files,
                                      Bytes keep_free, std::uint32_t sharing) {
  work_.on(nullptr);
  const Journal::LongAgo written(files_.journal());
  std::vector<InodeNumber> inodes;
  std::set<std::string> directories;
  CallError error = CallError::none;
  for (const Self::PlacedFile& placed : files) {
    const std::size_t end = placed.path.rfind('/') + 1;
    if (directories.insert(placed.path.substr(0, end)).second) make_directories(placed.path);
    const CallResult created = calls_.creat(kernel_files_, placed.path);
    error = created.error;
    if (error != CallError::none) break;
    const auto descriptor = static_cast<unsigned>(created.value);
    const auto& file = dynamic_cast<const RegularFile&>(*kernel_files_.table.peek(descriptor));
    inodes.push_back(file.inode());
    error = files_.place(file.inode(), placed.bytes);
    (void)calls_.close(kernel_files_, descriptor);
    if (error != CallError::none) break;
  }

  const std::int64_t kept = keep_free.count / page_size;
  std::uint32_t room = static_cast<std::uint32_t>(
      std::max<std::int64_t>(memory_.pages.free_pages() / std::int64_t{sharing} - kept, 0));
  std::size_t count = 0;
  for (; count < inodes.size() && files_.inode(inodes[count]).pages() <= room; ++count) {
    room -= files_.inode(inodes[count]).pages();
  }
  // The lists of pages have what was used last at their heads.
  std::int64_t cached = 0;
  for (std::size_t i = count; i-- > 0;) {
    Inode& inode = files_.inode(inodes[i]);
    for (std::uint32_t index = 0; index < inode.pages(); ++index) {
      const std::optional<PageNumber> page = cache_pages_.take(inode, index);
      if (!page) break;
      inode.cached[index] = *page;
      ++cached;
    }
  }
  run_on(caller.processor);
  return {.value = cached, .error = error};
}

}  // namespace xensim
