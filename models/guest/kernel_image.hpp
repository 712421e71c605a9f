/// Where the kernel's code and data lie.
#pragma once

#include <array>
#include <cstdint>

#include "models/guest/kernel_path.hpp"
#include "models/guest/paging.hpp"

namespace xensim {

/// Of a path: the page of code that it executes and the page of tables or slab objects that it uses most.
struct KernelPlace {
  PageNumber code, data;
};

/// By path. One page of code and one of data stand for each source file of Linux 2.4.21 that paths come from,
/// and paths of one file share them. That a file's code may run over into a second page, and that slab
/// objects lie scattered over more, is left out.
using KernelPlaces = std::array<KernelPlace, kernel_path_count>;
[[nodiscard]] const KernelPlaces& kernel_places();
/// Of the scheduler, whose work is not among the paths.
[[nodiscard]] KernelPlace schedule_place();

}  // namespace xensim
