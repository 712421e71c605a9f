/// What a kernel has done, counted, and the time of it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "models/cpu/processor.hpp"
#include "models/guest/kernel/global_lock.hpp"
#include "models/guest/kernel/kernel_image.hpp"
#include "models/guest/kernel/kernel_object.hpp"
#include "models/guest/kernel/kernel_path.hpp"
#include "models/guest/memory/kernel_memory.hpp"

namespace xensim {

/// Time of each path with its code and data in the nearest caches, and the code it runs through.
struct KernelPathCosts : std::array<Cycles, kernel_path_count> {
  std::array<std::uint32_t, kernel_path_count> code_lines{};  ///< of 64 bytes
  std::array<std::uint32_t, kernel_path_count> static_lines{};
  std::uint32_t process_lines = 0;  ///< data that a process and the kernel for it use between two calls
  std::uint32_t resumed_lines = 0;  ///< those of them that a call uses when it goes on where it slept
  std::uint32_t task_lines = 0;     ///< those of them that the kernel keeps of the process, and writes
  std::uint32_t stream_start = 0;   ///< lines that a loop waits for before the prefetcher runs ahead of it
};

/// The kernel's logic says what it did and what it used; this counts it and charges the processor it runs on.
class KernelWork {
 public:
  explicit KernelWork(const KernelPathCosts& costs) : costs_(costs) {}
  /// Its code and its objects compete for the caches under names that `new_footprint` hands out.
  KernelWork(const KernelPathCosts& costs, std::function<FootprintId()> new_footprint)
      : costs_(costs), objects_(std::move(new_footprint)) {}

  /// What runs the kernel from now on; without a processor: only counting.
  void on(Processor* processor, KernelMemory* memory = nullptr) {
    processor_ = processor;
    memory_ = memory;
  }

  /// Null: nothing takes time.
  [[nodiscard]] Processor* processor() const { return processor_; }

  void did(KernelPath path, std::uint64_t times = 1);
  /// The kernel runs code and uses data there.
  void use(const KernelPlace& place) {
    use(place.code, Access::fetch);
    if (place.data.valid()) use(place.data, Access::read);
  }
  void use(PageNumber page, Access access) {
    if (memory_ != nullptr) memory_->kernel_access(page, access);
  }
  /// So many lines of an object were used and so many of them written, wherever they were.
  void uses(KernelObject kind, std::uint32_t number, std::uint32_t lines, std::uint32_t written);
  /// All of them may have been.
  void uses(KernelObject kind, std::uint32_t number, std::uint32_t lines) {
    uses(kind, number, lines, lines);
  }
  /// A line of each of these was written: as uses() of one after the other.
  void uses_each(KernelObject kind, std::span<const PageNumber> numbers);
  /// They were only read.
  void reads(KernelObject kind, std::uint32_t number, std::uint32_t lines) { uses(kind, number, lines, 0); }
  /// A device wrote it: no cache holds it as it is now.
  void device_wrote(KernelObject kind, std::uint32_t number) {
    if (objects_) objects_->written_by_device(kind, number);
  }
  /// A program read, wrote or executed a line of a page: the first one, or some other.
  void accesses(std::uint32_t page, bool first, Access access);
  /// So many lines of a page were passed over by a loop whose own time, `pace` for each, is counted.
  void streams(std::uint32_t page, std::uint32_t lines, Cycles pace, Processor::Stream kind,
               Activity activity = Activity::kernel);
  /// A program ran through code in a page: as its time with warm caches is counted, or as that has it, with
  /// more code than the trace cache holds.
  void executes(std::uint32_t page, std::uint32_t lines);
  void runs_through(std::uint32_t page, std::uint32_t lines);
  /// The kernel is entered for a process, by a call that begins or goes on where it slept, or by a fault.
  void enters(ProcessId process, bool resumed = false) {
    uses_process(process, resumed ? costs_.resumed_lines : costs_.process_lines);
  }
  /// So many lines of a process, of which the kernel writes what it keeps itself.
  void uses_process(ProcessId process, std::uint32_t lines) {
    uses(KernelObject::process, process.value, lines, std::min(lines, costs_.task_lines));
  }
  [[nodiscard]] std::uint32_t stream_start() const { return costs_.stream_start; }
  [[nodiscard]] Cycles cost(KernelPath path) const { return costs_[static_cast<std::size_t>(path)]; }
  [[nodiscard]] std::uint64_t count(KernelPath path) const { return counts_[static_cast<std::size_t>(path)]; }

 private:
  [[nodiscard]] FootprintId page_for(std::uint32_t page, std::uint32_t lines, bool write);
  [[nodiscard]] FootprintId statics_of(KernelPath path);
  /// What the object is known by: descriptors of pages share lines, three for four of them.
  [[nodiscard]] static std::uint32_t name_of(KernelObject kind, std::uint32_t number);
  /// Of which so many lines are written.
  [[nodiscard]] FootprintId object(KernelObject kind, std::uint32_t number, std::uint32_t written);
  /// Waits for the lock's line, if another processor had the lock last.
  void take(GlobalLock lock);

  const KernelPathCosts& costs_;
  std::optional<ObjectFootprints> objects_;
  Processor* processor_ = nullptr;
  KernelMemory* memory_ = nullptr;
  std::array<std::uint64_t, kernel_path_count> counts_{};
  /// Processor that had it last, as a bit as in ObjectFootprints; 0: none.
  std::array<std::uint32_t, static_cast<std::size_t>(GlobalLock::count_)> lock_holders_{};
  std::vector<FootprintId> names_;  ///< room for uses_each()
};

}  // namespace xensim
