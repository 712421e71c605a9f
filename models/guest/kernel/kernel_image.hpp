/// Where the kernel's code and data lie.
#pragma once

#include <array>
#include <cstdint>

#include "models/guest/kernel/kernel_object.hpp"
#include "models/guest/kernel/kernel_path.hpp"
#include "models/guest/memory/paging.hpp"

namespace xensim {

/// Of a path: the page of code that it executes and the page of tables or slab objects that it uses most;
/// invalid: of none.
struct KernelPlace {
  PageNumber code, data;
};

/// By path. One page of code and one of static data stand for each source file of Linux 2.4.21 that paths
/// come from, and paths of one file share them. That a file's code may run over into a second page is left
/// out.
using KernelPlaces = std::array<KernelPlace, kernel_path_count>;
[[nodiscard]] const KernelPlaces& kernel_places();
/// Where an object lies: slabs and arrays hold so many in a page as their sizes allow. All of them share the
/// pages that the image has left, more than a TLB has entries. A page's contents are where the page is.
[[nodiscard]] PageNumber object_page(KernelObject kind, std::uint32_t number);
/// Objects of a kind whose numbers divided by this are the same lie in one page.
[[nodiscard]] std::uint32_t objects_in_a_page(KernelObject kind);

/// What a port to a monitor uses whenever it calls or is entered.
enum class PortPage : std::uint8_t {
  shared_info,  ///< pending events and their mask, which stands in for the interrupt flag
  queue,        ///< requests for updates of page tables
  multicall,    ///< several calls in one
  frames,       ///< frames of its pages
};
[[nodiscard]] PageNumber port_page(PortPage page);
/// Where it queues requests and calls.
[[nodiscard]] PageNumber port_code();
/// Of the scheduler, whose work is not among the paths.
[[nodiscard]] KernelPlace schedule_place();

}  // namespace xensim
