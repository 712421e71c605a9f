/// What dynamically linked programs of 2003 compute before and after their main function.
#pragma once

#include <cstdint>

#include "core/time.hpp"
#include "models/cpu/calibration.hpp"

namespace xensim {

/// Section `programs` of the calibration: counts, and the cycles of each with warm caches.
struct ProgramCosts {
  explicit ProgramCosts(const Calibration& calibration);

  Cycles relative_relocation, symbol_lookup;
  Cycles loader, exit, shell;  ///< besides relocations
  std::int64_t relative, symbols,
      own_symbols;  ///< in the C library; symbols in a program and a small library
  std::uint32_t library_cache_pages = 0, library_cache_touched = 0;  ///< of ld.so.cache; by a start
  std::uint32_t code_page_lines = 0;         ///< of 64 bytes, of a page of code that a program runs through
  std::uint32_t code_lines = 0;              ///< that a compiler or a server runs through between two calls
  std::int64_t lazy_at_exit, lazy_in_shell;  ///< functions that are bound when first called

  /// Relocating a program with the C library and `small_libraries` others.
  [[nodiscard]] Cycles link(std::int64_t small_libraries) const {
    return loader + relative_relocation * relative +
           symbol_lookup * (symbols + own_symbols * (1 + small_libraries));
  }
  /// exit(3) up to the system call.
  [[nodiscard]] Cycles leave() const { return exit + symbol_lookup * lazy_at_exit; }
  /// A shell from its main function to the exec of the one command it was given.
  [[nodiscard]] Cycles run_shell() const { return shell + symbol_lookup * lazy_in_shell; }
};

}  // namespace xensim
