#include "models/host/xen/xen_memory.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "models/cpu/traps/guest_segment.hpp"
#include "models/memory/balloon.hpp"
#include "models/memory/descriptor_tables.hpp"

namespace xensim {
namespace {

BuiltMemory build_at_once(const XenMemoryParameters& parameters, MonitorMemory& memory,
                          const Processor& processor, DomainId id) {
  BuiltMemory built;
  built.domain.id = id;
  built.layout = memory.build(built.domain, processor.id(), parameters.memory);
  return built;
}

}  // namespace

XenMemory::XenMemory(const XenMemoryParameters& parameters, MonitorMemory& memory, Processor& processor,
                     DomainId domain, EventMask& events)
    : XenMemory(parameters, memory, processor, build_at_once(parameters, memory, processor, domain), events) {
}

XenMemory::XenMemory(const XenMemoryParameters& parameters, MonitorMemory& memory, Processor& processor,
                     const BuiltMemory& built, EventMask& events)
    : parameters_(parameters),
      memory_(memory),
      core_(&memory.cores[processor.id().value]),
      processor_(&processor),
      events_(events),
      domain_(built.domain),
      layout_(built.layout),
      paging_(memory.machine, core_->monitor, domain_, layout_, hooks(),
              static_cast<std::size_t>(parameters.update_queue)) {
  paging_.tell(this);
  set_traps();
  // The kernel boots on the page that it was told its parameters in.
  (void)stack_switch({memory_.machine, core_->monitor, domain_}, flat_kernel_data, first_stack().value);
  core_->monitor.work = {};
}

XenPaging::Hooks XenMemory::hooks() {
  return {.frames = [this](std::span<const FrameNumber> frames) { look_up(frames); },
          .hypercall = [this](const PagingCall& call) { charge(call); },
          .flush = [this] { flush(); },
          .flush_page = [this](Address address) { core_->mmu.flush_page(address); },
          .write_fault =
              [this](Address address) {
                const std::uint32_t code = PageFault::present | PageFault::write;
                bounce({.vector = vectors::page_fault, .error_code = code, .fault_address = address}, 1);
                processor_->charge(Activity::kernel, memory_.trap_costs.return_within_kernel);
              }};
}

void XenMemory::look_up(std::span<const FrameNumber> frames) {
  names_.clear();
  std::size_t last = SIZE_MAX;
  for (const FrameNumber frame : frames) {
    const std::size_t line = MonitorFootprints::line_of(frame);
    if (line != last) names_.push_back(memory_.footprints.frame_table_line(line));
    last = line;
  }
  processor_->use_each(Activity::monitor, names_);
}

void XenMemory::charge(const PagingCall& call) {
  const MemoryCosts& costs = memory_.costs;
  kernel_access(port_code(), Access::fetch);
  kernel_use(PortPage::queue);
  kernel_use(PortPage::frames);
  if (call.calls > 1) kernel_use(PortPage::multicall);
  MonitorFootprints& footprints = memory_.footprints;
  processor_->charge(Activity::kernel, costs.kernel(call));
  processor_->execute(Activity::monitor, footprints.hypercall_code(), costs.entry_lines());
  processor_->use(Activity::monitor, footprints.data(), costs.data_lines());
  for (std::size_t i = 0; i < MemoryWork::steps; ++i) {
    const auto step = static_cast<MemoryStep>(i);
    if (call.work[step] > 0)
      processor_->execute(Activity::monitor, footprints.code(step), costs.code_lines(step));
  }
  processor_->charge(Activity::monitor, costs.monitor(call));
  work_ += call.work;
  retyped_ = call.work[MemoryStep::stale_retype] > 0;
  listed_ = call.calls > 1;
}

void XenMemory::move_to(Processor& processor) {
  processor_ = &processor;
  core_ = &memory_.cores[processor.id().value];
  paging_.run_on(core_->monitor);
  core_->mmu.flush(FlushScope::all_but_global);
}

void XenMemory::forget(FrameNumber directory) {
  for (MemoryCore& core : memory_.cores) core.tags.forget(directory);
}

void XenMemory::flush() {
  // Another address space may have kept a translation that was writable and is to be no more.
  if (retyped_) core_->mmu.flush(FlushScope::all_but_global);
  if (loading_)
    core_->mmu.switch_to(core_->tags.of(*loading_));
  else
    core_->mmu.flush(FlushScope::space);
  // The rest of the list is read after the first call's flush.
  if (listed_) kernel_use(PortPage::multicall);
}

void XenMemory::set_traps() {
  // Handlers in the order of the kernel's code; what an address is does not matter here.
  constexpr std::uint32_t code = kernel_base.value + (std::uint32_t{1} << 20);
  constexpr std::array<TrapEntry, 5> handlers{{{vectors::device_not_available, 0, flat_kernel_code, code},
                                               {vectors::general_protection, 0, flat_kernel_code, code + 16},
                                               {vectors::page_fault, 0, flat_kernel_code, code + 32},
                                               {vectors::system_call, 3, flat_kernel_code, code + 48},
                                               {}}};
  const bool done = traps_.table.set(handlers).status == HypercallStatus::done &&
                    (!parameters_.fast_trap || set_fast_trap(traps_.table, traps_.fast_trap, core_->gates,
                                                             vectors::system_call) == HypercallStatus::done);
  if (!done) throw SimulationError(fmt::format("domain {}: the monitor refused a trap", domain_.id.value));
}

void XenMemory::enter_by_call(unsigned /*vcpu*/) {
  by_fault_ = false;
  kernel_use(PortPage::shared_info);
  constexpr unsigned user = 3;
  if (core_->gates.software_interrupt(vectors::system_call, user) == SoftwareInterrupt::guest_kernel) {
    processor_->charge(Activity::kernel, memory_.trap_costs.fast_trap);
  } else {
    bounce({.vector = vectors::general_protection, .error_code = vectors::system_call << 3 | 2}, user);
  }
}

void XenMemory::enter_by_fault(unsigned /*vcpu*/, const PageFault& fault) {
  by_fault_ = true;
  kernel_use(PortPage::shared_info);
  if (parameters_.bounce_faults) {
    bounce({.vector = vectors::page_fault, .error_code = fault.error_code, .fault_address = fault.address},
           3);
  } else {
    processor_->charge(Activity::kernel, processor_->costs().page_fault_entry);
  }
}

void XenMemory::bounce(const Exception& exception, unsigned ring) {
  GuestRegisters registers;
  if (ring == 1) {
    registers.code_selector = flat_kernel_code;
    registers.stack_selector = flat_kernel_data;
    registers.stack = domain_.kernel_stack.pointer - page_size / 2;
  }
  const TrapOutcome outcome = handle_exception(traps_, events_, registers, exception);
  processor_->execute(Activity::monitor, memory_.footprints.exception_code(),
                      memory_.trap_costs.bounce_lines);
  processor_->use(Activity::monitor, memory_.footprints.data(), memory_.costs.data_lines());
  processor_->charge(Activity::monitor, memory_.trap_costs.of(exception, outcome, ring));
  struct KernelStack {
    XenMemory& domain;
    bool store(std::uint16_t selector, std::uint32_t offset, std::uint32_t word) {
      return domain.store(selector, offset, word);
    }
  } stack{*this};
  if (outcome.action == TrapAction::bounce &&
      !deliver(stack, registers, domain_.kernel_stack, outcome.bounce)) {
    throw SimulationError(fmt::format("domain {} is killed: its kernel's stack at {:#x} cannot be written",
                                      domain_.id.value, domain_.kernel_stack.pointer));
  }
}

bool XenMemory::store(std::uint16_t selector, std::uint32_t offset, std::uint32_t word) {
  const std::optional<Address> address =
      selector == flat_kernel_data
          ? Address{offset}
          : writable_address(descriptor_of(memory_.machine.contents, domain_, selector), offset, sizeof word);
  if (!address || *address >= private_area) return false;
  const Mmu::Result result = translate(*address, Access::write, Privilege::ring0, Activity::monitor);
  if (result.faulted()) return false;
  memory_.machine.contents.store(result.frame, (address->value % page_size) / sizeof word, word);
  return true;
}

void XenMemory::leave(unsigned /*vcpu*/) {
  const bool by_fault = std::exchange(by_fault_, false);
  processor_->charge(Activity::kernel,
                     by_fault ? processor_->costs().exception_return : memory_.trap_costs.return_to_user);
}

Mmu::Result XenMemory::translate(Address address, Access access, Privilege privilege, Activity payer) {
  const std::uint64_t before = core_->mmu.counts().walks;
  const Mmu::Result result =
      core_->mmu.translate(address, access, privilege, domain_.base, memory_.machine.contents);
  charge_walks(before, payer);
  return result;
}

void XenMemory::charge_walks(std::uint64_t before, Activity payer) {
  const std::uint64_t walks = core_->mmu.counts().walks - before;
  if (walks > 0) processor_->charge(payer, processor_->costs().tlb_walk * static_cast<std::int64_t>(walks));
}

Mmu::Result XenMemory::access(unsigned /*vcpu*/, Address address, Access access) {
  return translate(address, access, Privilege::ring3, Activity::translation);
}

std::uint32_t XenMemory::release() {
  for (FrameNumber f = domain_.frames.first; f.valid(); f = memory_.machine.frames[f].next) {
    forget(f);
  }
  const std::uint32_t frames = domain_.frames.count;
  xensim::release(memory_.machine, domain_);
  return frames;
}

void XenMemory::kernel_access(PageNumber page, Access access) {
  const Address address = kernel_address(page);
  if (!abandoned_ && !core_->mmu.hits(address, access, Privilege::ring1)) kernel_walk(address, access);
}

void XenMemory::kernel_walk(Address address, Access access) {
  const std::uint64_t before = core_->mmu.counts().walks;
  const bool faulted =
      core_->mmu.after_miss(address, access, Privilege::ring1, domain_.base, memory_.machine.contents)
          .faulted();
  charge_walks(before, Activity::kernel);
  if (!faulted) return;
  // A translation from when the page was a table: it is gone now.
  if (!translate(address, access, Privilege::ring1, Activity::kernel).faulted()) return;
  throw SimulationError(
      fmt::format("domain {}: the kernel cannot access {:#x}", domain_.id.value, address.value));
}

bool XenMemory::load(unsigned /*vcpu*/, PageNumber directory, PageNumber stack) {
  if (directory.valid() && paging_.loaded() == directory && !borrowed_) return false;
  borrowed_ = false;
  constexpr std::uint32_t stack_pages = 2;
  const Address end = stack.valid() ? kernel_address({stack.value + stack_pages}) : first_stack();
  // Frames, since domains share the processor.
  const PageNumber page = directory.valid() ? directory : layout_.directory();
  loading_ = paging_.frame(page);
  paging_.load(directory, end.value);
  loading_.reset();
  return true;
}

void XenMemory::unload(PageNumber directory) {
  forget(paging_.frame(directory));
  if (paging_.loaded() == directory) borrowed_ = true;
}

OperationCounts XenMemory::counts() const {
  using enum OperationCount;
  const XenPaging::Counts& paging = paging_.counts();
  OperationCounts counts;
  counts.add(entries_written, paging.table_entries + paging.directory_entries + paging.mapping_entries);
  counts.add(hypercalls, paging.hypercalls);
  counts.add(requests, paging.requests);
  counts.add(updates_validated, work_[MemoryStep::leaf_update] + work_[MemoryStep::directory_update]);
  counts.add(pins, paging.pins);
  counts.add(unpins, paging.unpins);
  counts.add(address_space_loads, paging.switches);
  counts.add(full_flushes, paging.flushes);
  counts.add(page_invalidations, paging.page_flushes);
  counts.add(tlb_walks, core_->mmu.counts().walks);
  counts.add(lines_refilled, processor_->lines_missed());
  return counts;
}

std::string XenMemory::audit(const std::function<bool(PageNumber)>& lent) const {
  const auto excused = [&](Address address) {
    return lent && address >= kernel_base && lent({(address.value - kernel_base.value) / page_size});
  };
  const std::string fault = core_->mmu.audit(domain_.base, memory_.machine.contents, excused);
  return fault.empty() ? fault : fmt::format("domain {}: {}", domain_.id.value, fault);
}

}  // namespace xensim
