#include "models/guest/kernel/operation_counts.hpp"

namespace xensim {
namespace {

constexpr auto summary_kind = Statistic::Kind::summary;
const std::array<Statistic, operation_count_kinds> count_statistics{
    Statistic{"count/system_calls", "per operation", summary_kind,
              "system calls, returns from signals included"},
    Statistic{"count/faults", "per operation", summary_kind, "page faults"},
    Statistic{"count/context_switches", "per operation", summary_kind, "switches between processes"},
    Statistic{"count/locked_operations", "per operation", summary_kind,
              "locked bus operations of an SMP kernel"},
    Statistic{"count/pages_cleared", "per operation", summary_kind, "pages filled with zeros"},
    Statistic{"count/pages_copied", "per operation", summary_kind, "pages copied"},
    Statistic{"count/entries_written", "per operation", summary_kind,
              "page-table and directory entries, written or requested"},
    Statistic{"count/hypercalls", "per operation", summary_kind,
              "entries into the monitor by the kernel's wish"},
    Statistic{"count/requests", "per operation", summary_kind, "page-table requests handed to the monitor"},
    Statistic{"count/updates_validated", "per operation", summary_kind, "entries that the monitor checked"},
    Statistic{"count/pins", "per operation", summary_kind, "page tables and directories pinned"},
    Statistic{"count/unpins", "per operation", summary_kind, "page tables and directories unpinned"},
    Statistic{"count/address_space_loads", "per operation", summary_kind, "loads of another page-table base"},
    Statistic{"count/full_flushes", "per operation", summary_kind,
              "reloads of the page-table base to flush the TLB"},
    Statistic{"count/page_invalidations", "per operation", summary_kind, "single translations flushed"},
    Statistic{"count/tlb_walks", "per operation", summary_kind, "page-table walks after a TLB miss"},
    Statistic{"count/lines_refilled", "per operation", summary_kind, "cache lines fetched again from memory"},
    Statistic{"count/interrupts_sent", "per operation", summary_kind,
              "interrupts from one processor to another"},
};

}  // namespace

const Statistic& statistic_of(OperationCount what) {
  return count_statistics[static_cast<std::size_t>(what)];
}

}  // namespace xensim
