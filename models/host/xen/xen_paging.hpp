/// Page tables of XenoLinux 2.4 on the monitor (arch/xeno/mm, from a description).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/guest/memory/memory_reservation.hpp"
#include "models/guest/memory/paging.hpp"
#include "models/host/monitor/domain_memory.hpp"
#include "models/memory/machine_memory.hpp"
#include "models/memory/page_update.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// One entry into the monitor on behalf of a guest's memory, to be priced and charged.
struct PagingCall {
  MemoryWork work{};           ///< what the monitor did
  std::uint32_t requests = 0;  ///< of page tables, which the guest had put together
  std::uint32_t calls = 1;     ///< more than one: a multicall of so many
};

/// Requests wait in a queue until it is full or what they stand for has to be in effect; then one hypercall
/// takes them to the monitor, which works on the frames themselves. An entry's machine address is looked up
/// when it is queued.
///
/// Tables are read-only in the kernel's own mapping of its memory and pinned; a directory's kernel part is
/// that of the first directory. The guest has one processor: there are no others to flush.
///
/// A request that the monitor refuses is a bug of ours: SimulationError, with the request.
class XenPaging final : public Paging, public MemoryReservation {
 public:
  static constexpr std::size_t default_queue_length = 2048;

  struct Counts {
    std::uint64_t hypercalls = 0;  ///< multicalls are one each
    std::uint64_t requests = 0;    ///< of all kinds:
    std::uint64_t table_entries = 0, directory_entries = 0;
    std::uint64_t mapping_entries = 0;  ///< the kernel's own mapping of a page, read-only or writable
    std::uint64_t pins = 0, unpins = 0;
    std::uint64_t flushes = 0, page_flushes = 0, switches = 0;
    std::uint64_t write_faults = 0;  ///< on pages that were to become writable by a request in the queue
  };
  /// Each may be empty. Called in this order, after the monitor is done.
  struct Hooks {
    /// The monitor looks at their entries in the frame table.
    std::function<void(std::span<const FrameNumber>)> frames;
    std::function<void(const PagingCall&)> hypercall;
    std::function<void()> flush;               ///< CR3 was loaded
    std::function<void(Address)> flush_page;   ///< INVLPG
    std::function<void(Address)> write_fault;  ///< the kernel took one; the queue is about to be flushed
  };

  /// `domain` runs on memory that build_domain_memory() laid out so; `queue_length` is at least 1.
  XenPaging(MachineMemory& machine, MemoryCpu& processor, MemoryDomain& domain, const KernelLayout& layout,
            Hooks hooks = {}, std::size_t queue_length = default_queue_length);

  /// The processor that runs the domain from now on.
  void run_on(MemoryCpu& processor) { cpu_ = &processor; }
  /// Process switch, one multicall: the queue with a new page-table base at its end, and the kernel's stack.
  /// Invalid: the kernel's first directory.
  void load(PageNumber directory, std::uint32_t stack_pointer);

  /// A page that the monitor was told to put another frame behind: the machine address of the entry that maps
  /// it in the kernel's own mapping, and what the kernel does when it has happened.
  [[nodiscard]] Address entry_address(PageNumber page) const {
    const FrameNumber table = frame(layout_.table(page.value / entries_per_table));
    return {table.value * page_size + page.value % entries_per_table * 4};
  }
  void exchanged(PageNumber page);

  /// The domain is being killed. From now on nothing reaches the monitor, and no table changes: what the
  /// kernel still owns can go, before the domain's frames do.
  void abandon() {
    abandoned_ = true;
    queue_.clear();
    unmade_.clear();
  }

  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  [[nodiscard]] PageNumber loaded() const { return loaded_; }

  // xen_reservation.cpp
  [[nodiscard]] std::uint32_t reserved() const override { return domain_.total_pages; }
  [[nodiscard]] std::uint32_t most_reserved() const override { return domain_.max_pages; }
  void give_back(std::span<const PageNumber> pages) override;
  [[nodiscard]] bool take_again(std::span<const PageNumber> pages) override;

  void make_table(PageNumber table) override;
  void make_directory(PageNumber directory) override;
  void unmake_table(PageNumber table) override { unmake(table); }
  void unmake_directory(PageNumber directory) override { unmake(directory); }
  void set_entries(PageNumber table, std::span<const EntryUpdate> updates) override;
  void set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) override;
  bool commit() override;
  void flush(PageNumber directory, std::uint32_t processors) override;
  void flush_page(PageNumber directory, Address address, std::uint32_t processors) override;

 private:
  void about_to_write(PageNumber page) override;

  /// What a request calls the `index`-th word of a page.
  [[nodiscard]] std::uint32_t word_of(PageNumber page, std::uint32_t index) const {
    const std::uint32_t start =
        machine_.rules.virtual_entries ? KernelLayout::address_of(page).value : frame(page).value * page_size;
    return start + index * 4;
  }
  void queue(PageRequest request) {
    if (abandoned_) return;
    queue_.push_back(request);
    ++counts_.requests;
    if (queue_.size() == queue_length_) (void)commit();
  }
  void queue(ExtendedCommand command, PageNumber page, std::uint32_t argument = 0);
  void queue_entry(PageNumber table, std::uint32_t index, PageTableEntry entry) {
    queue({word_of(table, index) | normal_, entry.bits});
  }
  /// The kernel's own mapping of a page.
  void map(PageNumber page, Access access);
  void map(PageNumber page, PageTableEntry entry);
  /// In it, now: not what the queue will make of it.
  [[nodiscard]] bool is_writable(PageNumber page) const;
  void unmake(PageNumber table);

  /// Hands the queue to the monitor as it is.
  void send();
  /// The frames that its requests name, were to name and named before.
  void tell_frames();
  /// The monitor returns: its time and what it owes to the TLB.
  void returned(std::uint32_t requests, std::uint32_t calls);
  [[noreturn]] void refused(const PageUpdateResult& result) const;

  MachineMemory& machine_;
  MemoryCpu* cpu_;
  MemoryDomain& domain_;
  KernelLayout layout_;
  Hooks hooks_;
  std::size_t queue_length_;
  std::uint32_t normal_;  ///< low bits of a request for an entry
  PageRequest load_;      ///< the same of one for a new base, and its value
  std::vector<FrameNumber> own_frames_;
  std::vector<PageRequest> queue_;
  std::vector<FrameNumber> looked_at_;  ///< room for tell_frames()
  std::vector<PageNumber> unmade_;      ///< whose unpinning is in the queue
  PageNumber loaded_;
  bool abandoned_ = false;
  Counts counts_{};
};

}  // namespace xensim
