#include "models/guest/kernel_work.hpp"

namespace xensim {

void KernelWork::uses_each(KernelObject kind, std::span<const PageNumber> numbers) {
  if (!objects_ || processor_ == nullptr || numbers.empty()) return;
  names_.clear();
  for (const PageNumber number : numbers) {
    names_.push_back(objects_->written(kind, number.value, 1, *processor_));
  }
  processor_->use_each(Activity::kernel, names_);
  PageNumber last;
  for (const PageNumber number : numbers) {
    // To use a page again at once changes nothing.
    const PageNumber page = object_page(kind, number.value);
    if (page != last) use(page, Access::read);
    last = page;
  }
}

}  // namespace xensim
