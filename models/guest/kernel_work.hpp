/// What a kernel has done, counted, and the time of it.
#pragma once

#include <array>
#include <cstdint>

#include "core/time.hpp"
#include "models/cpu/processor.hpp"
#include "models/guest/kernel_image.hpp"
#include "models/guest/kernel_memory.hpp"
#include "models/guest/kernel_path.hpp"

namespace xensim {

using KernelPathCosts = std::array<Cycles, kernel_path_count>;

/// The kernel's logic says what it did; this counts it and charges the processor it runs on.
class KernelWork {
 public:
  explicit KernelWork(const KernelPathCosts& costs) : costs_(costs) {}

  /// What runs the kernel from now on; without a processor: only counting.
  void on(Processor* processor, KernelMemory* memory = nullptr) {
    processor_ = processor;
    memory_ = memory;
  }

  void did(KernelPath path, std::uint64_t times = 1) {
    const auto index = static_cast<std::size_t>(path);
    counts_[index] += times;
    if (processor_ == nullptr || times == 0) return;
    processor_->charge(Activity::kernel, costs_[index] * static_cast<std::int64_t>(times));
    use(kernel_places()[index]);
  }
  /// The kernel runs code and uses data there.
  void use(const KernelPlace& place) {
    use(place.code, Access::fetch);
    use(place.data, Access::read);
  }
  void use(PageNumber page, Access access) {
    if (memory_ != nullptr) memory_->kernel_access(kernel_address(page), access);
  }
  [[nodiscard]] std::uint64_t count(KernelPath path) const { return counts_[static_cast<std::size_t>(path)]; }

 private:
  const KernelPathCosts& costs_;
  Processor* processor_ = nullptr;
  KernelMemory* memory_ = nullptr;
  std::array<std::uint64_t, kernel_path_count> counts_{};
};

}  // namespace xensim
