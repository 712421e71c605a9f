#include "workloads/program_costs.hpp"

#include <algorithm>

#include "models/cpu/calibration_section.hpp"

namespace xensim {

ProgramCosts::ProgramCosts(const Calibration& calibration) {
  const CalibrationSection own(calibration, "programs.");
  relative_relocation = own.cycles("relative_relocation");
  symbol_lookup = own.cycles("symbol_lookup");
  loader = own.cycles("loader");
  exit = own.cycles("exit");
  shell = own.cycles("shell");
  library_cache_pages = own.whole("library_cache_pages");
  library_cache_touched = std::min(own.whole("library_cache_touched"), library_cache_pages);
  code_page_lines = own.whole("code_page_lines");
  code_lines = own.whole("code_lines");
  relative = own.whole("relative_relocations");
  symbols = own.whole("library_symbols");
  own_symbols = own.whole("program_symbols");
  lazy_at_exit = own.whole("lazy_at_exit");
  lazy_in_shell = own.whole("lazy_in_shell");
}

}  // namespace xensim
