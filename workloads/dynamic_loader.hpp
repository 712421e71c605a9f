/// How a dynamically linked program of 2003 starts: the work of ld.so.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/guest/processes/self.hpp"
#include "workloads/program_costs.hpp"

namespace xensim {

/// Where a program finds what it uses.
struct Place {
  Address text, data, bss, stack;  ///< of the program; the stack's highest page
  Address libc_text, libc_data, libc_bss;
  Address loader_data;
  const ProgramCosts* costs = nullptr;

  /// exit(3) writes the table of what a program has called, its mark that destructors ran, standard files and
  /// the list of exit functions in the C library, and the loader's notes of finalisers.
  [[nodiscard]] Call clean_up(Self self) const {
    return self.touch({stack, data, bss, libc_data, libc_bss, loader_data}, Access::write);
  }
};
/// An address in each of `count` pages from `first` on: what a program uses lies at another line in each.
[[nodiscard]] std::vector<Address> places_in_pages(Address first, std::uint32_t count);

using LoadedBody = std::function<Program(Self, const Place&)>;

/// How many pages of each part a program touches before and in its main function.
struct ImageUse {
  std::uint32_t text = 10, data = 2, bss = 5;
  std::uint32_t loader_text = 20, libc_text = 55, libc_data = 5, libc_bss = 3;
  std::uint32_t stack = 7;
  std::uint32_t small_libraries = 0;  ///< libdl, libtermcap
};
/// A small program with its C library: 10 areas, some 110 resident pages, a quarter of them written.
inline constexpr ImageUse typical_image{};

/// The body for Self::exec of `image`, whose main function is `main`: maps its libraries, relocates them, and
/// goes on as `main`. System calls, mappings and symbol look-ups as glibc 2.2 makes them, without prelinking.
/// `costs` outlives the program.
[[nodiscard]] Self::Body dynamic_loader(const ProgramImage& image, const ImageUse& use,
                                        const ProgramCosts& costs, LoadedBody main);

/// A process that becomes the program at `path`, of typical size, whose main function is `main`. `costs`
/// outlives it.
[[nodiscard]] Program small_program(std::string path, const ProgramCosts& costs, LoadedBody main);

}  // namespace xensim
