#include "models/guest/files/file_table.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

CallResult FileTable::install(std::shared_ptr<File> file) {
  context_->did(KernelPath::descriptor_allocate);
  context_->locked(4);  // get_unused_fd and fd_install: the table's lock taken and released in each
  unsigned descriptor = lowest_free_;
  while (is_open(descriptor)) ++descriptor;
  if (descriptor >= limit) return CallResult::failed(CallError::too_many_files);
  if (descriptor >= slots_.size()) slots_.resize(descriptor + 1);
  slots_[descriptor] = std::move(file);
  lowest_free_ = descriptor + 1;
  ++open_;
  return {.value = descriptor};
}

std::shared_ptr<File> FileTable::get(unsigned descriptor) const {
  context_->did(KernelPath::fd_lookup);
  if (!is_open(descriptor)) {
    context_->locked(2);
    return nullptr;
  }
  context_->locked(4);  // table lock and unlock, count up, count down
  return slots_[descriptor];
}

CallResult FileTable::duplicate(unsigned descriptor) {
  std::shared_ptr<File> file = get(descriptor);
  if (file == nullptr) return CallResult::failed(CallError::bad_descriptor);
  context_->did(KernelPath::file_reference);
  return install(std::move(file));
}

CallResult FileTable::close(unsigned descriptor) {
  context_->did(KernelPath::descriptor_release);
  context_->locked(2);
  if (!is_open(descriptor)) return CallResult::failed(CallError::bad_descriptor);
  CallResult result;
  context_->locked(1);
  drop_reference(*context_, std::exchange(slots_[descriptor], nullptr), result.wakes);
  lowest_free_ = std::min(lowest_free_, descriptor);
  --open_;
  return result;
}

FileTable FileTable::forked() const {
  context_->did(KernelPath::file_reference, open_);
  context_->locked(2 + open_);
  return *this;
}

void FileTable::close_all(Wakes& wakes) {
  for (auto& slot : slots_) {
    if (slot == nullptr) continue;
    context_->did(KernelPath::descriptor_release);
    context_->locked(1);
    drop_reference(*context_, std::exchange(slot, nullptr), wakes);
  }
  slots_.clear();
  open_ = lowest_free_ = 0;
}

std::string FileTable::audit() const {
  const auto open =
      std::count_if(slots_.begin(), slots_.end(), [](const auto& slot) { return slot != nullptr; });
  if (open != static_cast<std::ptrdiff_t>(open_)) return "the number of open descriptors is wrong";
  for (unsigned descriptor = 0; descriptor < lowest_free_; ++descriptor) {
    if (!is_open(descriptor)) return "a free descriptor lies below the lowest free one";
  }
  return {};
}

}  // namespace xensim
