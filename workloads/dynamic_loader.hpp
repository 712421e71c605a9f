/// How a dynamically linked program of 2003 starts: the work of ld.so for one library.
#pragma once

#include <functional>

#include "models/guest/self.hpp"

namespace xensim {

/// Where a program finds what it uses.
struct Place {
  Address text, data, bss, stack;  ///< of the program; the stack's highest page
  Address libc_text, libc_data;
};
using LoadedBody = std::function<Program(Self, const Place&)>;

/// How many pages of each part a program touches before and in its main function.
struct ImageUse {
  std::uint32_t text = 10, data = 2, bss = 5;
  std::uint32_t loader_text = 20, libc_text = 55, libc_data = 5, libc_bss = 3;
  std::uint32_t stack = 7;
};
/// A small program with its C library: 10 areas, some 110 resident pages, a quarter of them written.
inline constexpr ImageUse typical_image{};

/// The body for Self::exec of a program that has `main`: maps the library, relocates, and goes on as `main`.
/// System calls and mappings as glibc 2.2 makes them; the symbol look-ups themselves take no time.
[[nodiscard]] Self::Body dynamic_loader(const ImageUse& use, LoadedBody main);

}  // namespace xensim
