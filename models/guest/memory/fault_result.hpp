/// What becomes of a page fault.
#pragma once

#include <cstdint>

namespace xensim {

class MappedFile;

struct FaultResult {
  enum class Outcome : std::uint8_t {
    minor,        ///< done
    major,        ///< done; a file's page, counted so even if the cache had it
    retry,        ///< page-table writes were still queued: the access may succeed now
    read_page,    ///< the file's page has to be read first, then the fault is to be handled again
    read_slot,    ///< likewise, the page in slot `index` of the swap area
    wait_page,    ///< likewise, page `index` is being read or written
    bad_address,  ///< SIGSEGV
    bus_error,    ///< SIGBUS: beyond the end of the file
    no_memory,
  };
  Outcome outcome = Outcome::minor;
  MappedFile* file = nullptr;  ///< for read_page: what is to be read
  std::uint32_t index = 0;     ///< of the page, in that file; or as said above

  constexpr bool operator==(const FaultResult&) const = default;
};

}  // namespace xensim
