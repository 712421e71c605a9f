/// Paging as XenoLinux does it, without a monitor: requests wait in a queue, and are counted.
#pragma once

#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

#include "models/guest/memory/paging.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// Strict where a monitor would be: only what was made a table is written as one, and tables come and go
/// empty. Pages lie in frames in reverse order, above some that are not the guest's.
class QueuedPaging final : public Paging {
 public:
  static constexpr std::size_t queue_length = 2048;
  static constexpr std::uint32_t foreign = 16;  ///< frames of others, before ours

  QueuedPaging(PhysicalMemory& memory, std::uint32_t pages, Mmu& mmu) : Paging(memory), mmu_(mmu) {
    machine_pages_.resize(foreign, UINT32_MAX);
    for (std::uint32_t i = 0; i < pages; ++i) {
      guest_frames_.push_back({foreign + pages - 1 - i});
      machine_pages_.push_back(pages - 1 - i);
    }
    frames_ = guest_frames_;
    pages_ = machine_pages_;
  }

  std::uint64_t hypercalls = 0;
  std::uint64_t requests = 0;  ///< of all kinds
  std::uint64_t table_entries = 0, directory_entries = 0, flushes = 0, page_flushes = 0, pins = 0, unpins = 0;

  void load(PageNumber directory) {
    commit();
    loaded_ = directory;
    mmu_.switch_to();
  }

  void make_table(PageNumber table) override { pin(table, tables_); }
  void make_directory(PageNumber directory) override { pin(directory, directories_); }
  void unmake_table(PageNumber table) override { unpin(table, tables_); }
  void unmake_directory(PageNumber directory) override { unpin(directory, directories_); }

  void set_entries(PageNumber table, std::span<const EntryUpdate> updates) override {
    if (!tables_.contains(table)) throw std::logic_error("an entry written to what is no table");
    for (const EntryUpdate& update : updates) {
      ++table_entries;
      queue({.frame = frame(table), .index = update.index, .word = update.entry.bits});
    }
  }
  void set_directory_entry(PageNumber directory, std::uint32_t index, PageTableEntry entry) override {
    if (!directories_.contains(directory)) throw std::logic_error("an entry written to what is no directory");
    ++directory_entries;
    queue({.frame = frame(directory), .index = index, .word = entry.bits});
  }

  bool commit() override {
    if (queue_.empty()) return false;
    ++hypercalls;
    for (const Request& request : queue_) {
      if (request.kind == Request::Kind::store) memory_.store(request.frame, request.index, request.word);
      if (request.kind == Request::Kind::flush_all) mmu_.switch_to();
      if (request.kind == Request::Kind::flush_one) mmu_.flush_page({request.word});
    }
    queue_.clear();
    return true;
  }
  void flush(PageNumber directory, std::uint32_t /*processors*/) override {
    if (directory == loaded_) {
      ++flushes;
      queue({.kind = Request::Kind::flush_all});
    }
    commit();
  }
  void flush_page(PageNumber directory, Address address, std::uint32_t /*processors*/) override {
    if (directory == loaded_) {
      ++page_flushes;
      queue({.kind = Request::Kind::flush_one, .word = address.value});
    }
    commit();
  }

 private:
  struct Request {
    enum class Kind : std::uint8_t { store, flush_all, flush_one, mapping } kind = Kind::store;
    FrameNumber frame{};
    std::uint32_t index = 0, word = 0;
  };
  void queue(Request request) {
    ++requests;
    queue_.push_back(request);
    if (queue_.size() == queue_length) commit();
  }
  void pin(PageNumber page, std::set<PageNumber>& kind) {
    check_empty(page);
    ++pins;
    queue({.kind = Request::Kind::mapping});  // read-only
    queue({.kind = Request::Kind::mapping});  // pinned
    kind.insert(page);
  }
  void unpin(PageNumber page, std::set<PageNumber>& kind) {
    commit();
    check_empty(page);
    ++unpins;
    queue({.kind = Request::Kind::mapping});
    queue({.kind = Request::Kind::mapping});
    kind.erase(page);
  }
  void check_empty(PageNumber page) const {
    for (std::uint32_t i = 0; i < entries_per_table; ++i) {
      if (entry(page, i).bits != 0) throw std::logic_error("a table comes or goes with entries in it");
    }
  }

  Mmu& mmu_;
  std::vector<FrameNumber> guest_frames_;
  std::vector<std::uint32_t> machine_pages_;
  std::vector<Request> queue_;
  std::set<PageNumber> tables_, directories_;
  PageNumber loaded_{};
};

}  // namespace xensim
