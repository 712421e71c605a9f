/// One run of try_to_free_pages (Linux 2.4.21 mm/vmscan.c).
#pragma once

#include <cstdint>

#include "models/guest/memory/page_io.hpp"

namespace xensim {

/// Frees 32 pages of a zone and those below, in up to six passes over ever more of the inactive list. It is
/// made in steps, between which the processor may go to others; a step that meets what the kernel would sleep
/// for says so, and goes on there when it is made again. Of slabs it looks for those of packets only; names
/// and inodes are not looked for.
class Reclaim {
 public:
  enum class Next : std::uint8_t {
    more,              ///< another step
    wait_for_page,     ///< when page() is unlocked
    wait_for_request,  ///< when a request to write is free
    freed,             ///< done
    failed,            ///< nothing more to be found
  };

  /// `zone`: index of PageAllocator::zones().
  Reclaim(GuestMemory& memory, PageIo& io, std::size_t zone)
      : memory_(memory), io_(io), end_of_zone_(memory.pages.zones()[zone].end) {}

  [[nodiscard]] Next step(Time at);
  [[nodiscard]] PageNumber page() const { return page_; }

 private:
  static constexpr std::uint32_t batch = 32;
  static constexpr unsigned first_priority = 6;
  void begin_pass();
  [[nodiscard]] Next end_pass();
  /// Counts the pages that it has looked at.
  [[nodiscard]] Next scan(Time at, std::uint32_t& looked_at);
  /// It lies in the swap cache, and no process has its slot any more.
  [[nodiscard]] bool will_never_be_read(const Page& page) const;
  void refill_inactive(std::uint32_t wanted);
  void swap_out();
  void free(PageNumber page);

  GuestMemory& memory_;
  PageIo& io_;
  std::uint32_t end_of_zone_;
  unsigned priority_ = first_priority;
  std::uint32_t wanted_ = batch;
  bool in_pass_ = false;
  std::uint32_t to_scan_ = 0, mapped_allowed_ = 0;
  PageNumber page_;
};

}  // namespace xensim
