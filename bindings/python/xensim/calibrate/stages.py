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
    excluded: tuple[str, ...] = ()  # of these, names that other stages fit
    needs_monitor: bool = False  # left out by --blind


def column(table: str, platform: str, *rows: str) -> tuple[str, ...]:
    return tuple(f"{table}/{platform}/{row}" for row in rows)


STAGES = (
    # Lengths of the guest kernel's paths. Context switches with arrays rest on caches, not on paths, and
    # are left to be predicted; so is sh_proc.
    Stage(
        name="paths",
        title="Guest kernel paths on native Linux, uniprocessor",
        cells=column(
            "table3", "L-UP", "null_call", "null_io", "stat", "open_close", "slct_tcp", "sig_inst",
            "sig_hndl", "fork_proc", "exec_proc",
        )
        + column("table4", "L-UP", "2p_0K")
        + column(
            "table5", "L-UP", "file0K_create", "file0K_delete", "file10K_create", "file10K_delete",
            "mmap_lat", "prot_fault", "page_fault",
        ),
        constants=("kernel_paths.*",),
        excluded=("kernel_paths.locked_operation",),
    ),
    # Sixteen arrays of 64 KB are twice the L2: each is read from memory, from its beginning to its end, so
    # this cell is the price of such reads and little else.
    Stage(
        name="reads",
        title="Sequential reads from memory",
        cells=column("table4", "L-UP", "16p_64K"),
        constants=("processor.sequential*",),
    ),
    # null_io does nothing on an SMP kernel that it does not do on a uniprocessor one but lock; a token that
    # is passed between two processors is what needs an interrupt from one to the other.
    Stage(
        name="smp",
        title="Locks and interrupts between processors on native Linux, SMP",
        cells=column("table3", "L-SMP", "null_io") + column("table4", "L-SMP", "2p_0K"),
        constants=("kernel_paths.locked_operation", "processor.ipi_delivery"),
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
