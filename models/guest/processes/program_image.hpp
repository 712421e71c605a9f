/// What exec needs to know of a program's file.
#pragma once

#include <cstdint>
#include <string>

#include "models/memory/page_table.hpp"

namespace xensim {

/// A linked program; its file comes to lie at `path`, in the page cache, when it is first executed. Sizes in
/// pages; text begins at `base`, data follows, then bss.
struct ProgramImage {
  static constexpr Address base{0x08048000};
  static constexpr const char* interpreter = "/lib/ld-linux.so.2";
  static constexpr std::uint32_t interpreter_text = 20, interpreter_data = 1;

  std::string path;
  std::uint32_t text = 10, data = 2, bss = 5;
  bool dynamic = true;  ///< names `interpreter`

  [[nodiscard]] Address data_start() const { return {base.value + text * page_size}; }
  [[nodiscard]] Address data_end() const { return {base.value + (text + data) * page_size - page_size / 2}; }
  [[nodiscard]] Address bss_end() const { return {base.value + (text + data + bss) * page_size}; }
};

}  // namespace xensim
