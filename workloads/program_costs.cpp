#include "workloads/program_costs.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace xensim {

ProgramCosts::ProgramCosts(const Calibration& calibration) {
  const auto value = [&](const char* name) {
    return std::int64_t{std::llround(calibration.value(std::string("programs.") + name))};
  };
  relative_relocation = {value("relative_relocation")};
  symbol_lookup = {value("symbol_lookup")};
  loader = {value("loader")};
  exit = {value("exit")};
  shell = {value("shell")};
  library_cache_pages = static_cast<std::uint32_t>(value("library_cache_pages"));
  library_cache_touched =
      std::min(static_cast<std::uint32_t>(value("library_cache_touched")), library_cache_pages);
  code_page_lines = static_cast<std::uint32_t>(value("code_page_lines"));
  code_lines = static_cast<std::uint32_t>(value("code_lines"));
  relative = value("relative_relocations");
  symbols = value("library_symbols");
  own_symbols = value("program_symbols");
  lazy_at_exit = value("lazy_at_exit");
  lazy_in_shell = value("lazy_in_shell");
}

}  // namespace xensim
