"""What is fitted to what. Everything that is not named here stays as data sheets, counts and estimates have
it, and every cell that is not named here is predicted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    name: str
    title: str
    cells: tuple[str, ...]
    constants: tuple[str, ...]  # names or shell patterns
    needs_monitor: bool = False  # left out by --blind


def column(table: str, platform: str, *rows: str) -> tuple[str, ...]:
    return tuple(f"{table}/{platform}/{row}" for row in rows)


STAGES = (
    # All that native Linux on one processor shows: lengths of the guest kernel's paths and of programs' own
    # work, how fast the processor executes such code, what page faults and walks cost it, and the bandwidth
    # of memory. Kernels look for objects one by one, arrays are read in sequence: nothing here brings many
    # lines back at once, as a program does that computes on, so processor.l2_miss_overlap keeps its prior.
    Stage(
        name="paths",
        title="Paths, page faults and memory on native Linux, uniprocessor",
        cells=column(
            "table3", "L-UP", "null_call", "null_io", "stat", "open_close", "slct_tcp", "sig_inst",
            "sig_hndl", "fork_proc", "exec_proc", "sh_proc",
        )
        + column("table4", "L-UP", "2p_0K", "2p_16K", "2p_64K", "8p_16K", "8p_64K", "16p_16K", "16p_64K")
        + column(
            "table5", "L-UP", "file0K_create", "file0K_delete", "file10K_create", "file10K_delete",
            "mmap_lat", "prot_fault", "page_fault",
        ),
        constants=(
            "kernel_paths.*",
            "programs.*",
            "guest.process_data_lines",
            "guest.path_data_lines",
            "processor.kernel_cpi",
            "processor.tlb_walk",
            "processor.page_fault_entry",
            "processor.exception_return",
            "processor.trace_miss",
            "processor.memory_read_bandwidth",
            "processor.memory_write_bandwidth",
        ),
    ),
    # Entering the monitor and having an entry validated. Each cell is dominated by another mixture: a fault
    # alone, a fault with single updates, faults with updates in long batches, a switch, and all together.
    # Constants of `monitor` also enter Figure 6 and are left as counted.
    Stage(
        name="xen",
        title="Primitives of Xen",
        cells=column("table3", "Xen", "fork_proc")
        + column("table4", "Xen", "2p_0K")
        + column("table5", "Xen", "mmap_lat", "prot_fault", "page_fault"),
        constants=(
            "monitor_memory.guest_request",
            "monitor_memory.batch",
            "monitor_memory.request",
            "monitor_memory.leaf_update",
            "monitor_memory.base_switch",
            "monitor_memory.map_slot",
        ),
        needs_monitor=True,
    ),
)  # fmt: skip
