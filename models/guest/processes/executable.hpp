/// Programs as files that exec maps (ELF), and exec itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/guest/memory/address_space.hpp"

namespace xensim {

/// A part of the file that is mapped in private (PT_LOAD).
struct Segment {
  Address start;  ///< relative to where the interpreter lies, for its own
  std::uint32_t pages = 0;
  std::uint8_t protection = 0;  ///< of AreaFlags
  std::uint32_t file_page = 0;
};

/// Segments in ascending order. From `data_end`, where the file's part of the last one ends, memory reads
/// zero up to `bss_end`; a program's heap begins there.
struct Executable {
  std::shared_ptr<MappedFile> file;
  std::vector<Segment> segments;
  Address data_end, bss_end;
};

/// What is left to do before the program can run.
struct Loaded {
  Address interpreter_base{};
  /// Where the kernel itself writes into the new image, each a write fault in kernel mode: the rest of the
  /// last page of data is cleared.
  std::vector<Address> cleared;
};

/// do_execve and load_elf_binary of Linux 2.4.21, in an address space that nobody shares: what it held goes,
/// the program, its interpreter (may be null) and the stack are mapped. `argument_pages` (1 to 32) were
/// filled from the old image. Empty: no memory, and the process is to be killed if `space` is empty then.
[[nodiscard]] std::optional<Loaded> execute(GuestMemory& memory, AddressSpace& space,
                                            const Executable& program, const Executable* interpreter,
                                            std::uint32_t argument_pages = 1);

}  // namespace xensim
