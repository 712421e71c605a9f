/// Page tables of a kernel on bare hardware.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/guest/memory/paging.hpp"

namespace xensim {

/// Writes entries into memory at once; a page is the frame of the same number. A directory's upper quarter
/// maps all of low memory in 4 MB pages that stay in TLBs. What flushes do to processors is the platform's to
/// say.
class BarePaging final : public Paging {
 public:
  struct Counts {
    std::uint64_t table_entries = 0, directory_entries = 0;  ///< written
    std::uint64_t flushes = 0, page_flushes = 0;             ///< on the processor that asked
    std::uint64_t remote_flushes = 0;                        ///< processors interrupted for either
  };
  /// Called after the flush is counted. `processors` are the others concerned.
  struct Hooks {
    std::function<void()> flush;                                           ///< CR3 is reloaded
    std::function<void(Address)> flush_page;                               ///< INVLPG
    std::function<void(std::uint32_t processors, const Address*)> remote;  ///< null address: all
  };

  /// The guest has the first `pages` frames of `memory`.
  BarePaging(PhysicalMemory& memory, std::uint32_t pages, Hooks hooks = {});

  /// The processor that runs the kernel from now on, below 32.
  void run_on(unsigned processor) { processor_ = processor; }
  /// It loads an address space (CR3). Invalid: the kernel's own.
  void load(PageNumber directory) { loaded_[processor_] = directory; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

  void make_table(PageNumber /*table*/) override {}
  void make_directory(PageNumber directory) override;
  void unmake_table(PageNumber table) override { zero(table); }
  void unmake_directory(PageNumber directory) override { zero(directory); }
  void set_entries(PageNumber table, std::span<const EntryUpdate> updates) override;
  void set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) override;
  [[nodiscard]] std::uint32_t mapped_pages() const override;
  bool commit() override { return false; }
  void flush(PageNumber directory, std::uint32_t processors) override;
  void flush_page(PageNumber directory, Address address, std::uint32_t processors) override;

 private:
  void flush_others(std::uint32_t processors, const Address* address);

  std::vector<FrameNumber> identity_frames_;
  std::vector<std::uint32_t> identity_pages_;
  Hooks hooks_;
  unsigned processor_ = 0;
  std::vector<PageNumber> loaded_;  ///< by processor
  Counts counts_;
};

}  // namespace xensim
