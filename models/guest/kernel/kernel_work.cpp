#include "models/guest/kernel/kernel_work.hpp"

#include <algorithm>

namespace xensim {

FootprintId KernelWork::page_for(std::uint32_t page, std::uint32_t lines, bool write) {
  return object(KernelObject::page, page, write ? lines : 0);
}

FootprintId KernelWork::statics_of(KernelPath path) {
  const auto number = static_cast<std::uint32_t>(path);
  const std::uint32_t without_lock = costs_.static_lines[number] - 1;
  return object(KernelObject::statics, number, changes_statics(path) ? without_lock : 0);
}

void KernelWork::take(GlobalLock lock) {
  std::uint32_t& holder = lock_holders_[static_cast<std::size_t>(lock)];
  const std::uint32_t own = 1U << processor_->id().value % 32;
  if (holder != 0 && holder != own) processor_->fetch(Activity::kernel, 1);
  holder = own;
}

std::uint32_t KernelWork::name_of(KernelObject kind, std::uint32_t number) {
  if (kind != KernelObject::page_descriptor) return number;
  constexpr std::uint32_t size = 48, line = 64,
                          counts = 20;  // struct page, and where its counts and flags are
  return (number * size + counts) / line;
}

FootprintId KernelWork::object(KernelObject kind, std::uint32_t number, std::uint32_t written) {
  const std::uint32_t name = name_of(kind, number);
  return written > 0 ? objects_->written(kind, name, written, *processor_)
                     : objects_->read(kind, name, *processor_);
}

void KernelWork::did(KernelPath path, std::uint64_t times) {
  const auto index = static_cast<std::size_t>(path);
  counts_[index] += times;
  if (processor_ == nullptr || times == 0) return;
  if (objects_ && costs_.code_lines[index] > 0) {
    const auto number = static_cast<std::uint32_t>(index);
    const FootprintId code = objects_->read(KernelObject::code, number, *processor_);
    processor_->execute(Activity::kernel, code, costs_.code_lines[index]);
    if (costs_.static_lines[index] > 0) {
      if (const GlobalLock lock = lock_of(path); lock != GlobalLock::none) take(lock);
      processor_->use(Activity::kernel, statics_of(path), costs_.static_lines[index]);
    }
  }
  processor_->charge(Activity::kernel, costs_[index] * static_cast<std::int64_t>(times));
  use(kernel_places()[index]);
}

void KernelWork::uses(KernelObject kind, std::uint32_t number, std::uint32_t lines, std::uint32_t written) {
  if (!objects_ || processor_ == nullptr || lines == 0) return;
  processor_->use(Activity::kernel, object(kind, number, written), lines);
  use(object_page(kind, number), Access::read);
}

void KernelWork::uses_each(KernelObject kind, std::span<const PageNumber> numbers) {
  if (!objects_ || processor_ == nullptr || numbers.empty()) return;
  names_.clear();
  for (const PageNumber number : numbers) {
    const FootprintId name = object(kind, number.value, 1);
    if (names_.empty() || names_.back() != name) names_.push_back(name);
  }
  processor_->use_each(Activity::kernel, names_);
  const std::uint32_t in_a_page = objects_in_a_page(kind);
  std::uint32_t first = 0, beside = 0;  // of the objects in the page used last
  for (const PageNumber number : numbers) {
    // To use a page again at once changes nothing.
    if (number.value - first < beside) continue;
    first = number.value - number.value % in_a_page;
    beside = in_a_page;
    use(object_page(kind, number.value), Access::read);
  }
}

void KernelWork::accesses(std::uint32_t page, bool first, Access access) {
  if (!objects_ || processor_ == nullptr) return;
  const FootprintId name = page_for(page, 1, access == Access::write);
  if (first)
    processor_->use_start(Activity::refill, name);
  else
    processor_->use(Activity::refill, name, 1);
}

void KernelWork::streams(std::uint32_t page, std::uint32_t lines, Cycles pace, Processor::Stream kind,
                         Activity activity) {
  if (!objects_ || processor_ == nullptr || lines == 0) return;
  const bool write = kind == Processor::Stream::write;
  // What another cache gives up is written back by the same transfer and displaces nothing here.
  if (objects_->is_elsewhere(KernelObject::page, page, *processor_)) kind = Processor::Stream::read;
  processor_->stream(activity, page_for(page, lines, write), lines, pace, kind);
  if (activity == Activity::kernel) use({page}, Access::read);
}

void KernelWork::executes(std::uint32_t page, std::uint32_t lines) {
  if (!objects_ || processor_ == nullptr || lines == 0) return;
  processor_->execute(Activity::refill, page_for(page, lines, false), lines);
}

void KernelWork::runs_through(std::uint32_t page, std::uint32_t lines) {
  if (!objects_ || processor_ == nullptr || lines == 0) return;
  processor_->run_through(page_for(page, lines, false), lines);
}

}  // namespace xensim
