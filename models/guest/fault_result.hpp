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
    bad_address,  ///< SIGSEGV
    bus_error,    ///< SIGBUS: beyond the end of the file
    no_memory,
  };
  Outcome outcome = Outcome::minor;
  MappedFile* file = nullptr;  ///< for read_page: what is to be read
  std::uint32_t index = 0;

  constexpr bool operator==(const FaultResult&) const = default;
};

}  // namespace xensim
