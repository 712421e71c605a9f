#include "models/guest/processes/process_kernel.hpp"

#include <algorithm>
#include <utility>

#include "models/guest/network/network_device.hpp"

namespace xensim {

namespace {

/// As large as the machine wants it, or as the disk has room behind the swap partition.
DiskLayout layout_on(VirtualMachine& machine) {
  DiskLayout layout;
  const GuestDisk* disk = machine.disk(0);
  if (disk == nullptr) return layout;
  const std::uint64_t swapped = static_cast<std::uint64_t>(machine.swap_size().count) / sector_bytes;
  const std::uint64_t room = disk->sectors() - std::min(disk->sectors(), swapped);
  constexpr std::uint64_t group = std::uint64_t{DiskLayout::blocks_per_group} * PageIo::sectors_per_page;
  const auto wanted = static_cast<std::uint64_t>(machine.file_system_size().count) / sector_bytes;
  layout.groups = static_cast<std::uint32_t>(std::max<std::uint64_t>(std::min(room, wanted) / group, 1));
  return layout;
}

}  // namespace

ProcessKernel::ProcessKernel(GuestKernel& scheduler, VirtualMachine& processors, ProcessMachine& machine,
                             const KernelPathCosts& costs, KernelBuild build, std::uint32_t pages)
    : scheduler_(scheduler),
      processors_(processors),
      machine_(machine),
      work_(costs, [&scheduler] { return scheduler.name_object(); }),
      context_{.work = work_, .build = build, .locks = build.smp ? &locks_ : nullptr},
      memory_(context_, machine.paging(), pages, boot_pages(pages)),
      cache_pages_(memory_),
      raw_(memory_),
      files_(context_, cache_pages_, layout_on(processors)),
      network_(std::make_unique<NetworkStack>(scheduler, context_, memory_,
                                              [this](unsigned vcpu) { run_on(vcpu); })),
      pipe_pages_(memory_.pages),
      calls_(context_, files_, &pipe_pages_),
      unix_calls_(context_, calls_),
      semaphores_(context_),
      shared_memory_(memory_),
      kernel_files_(context_),
      buffer_(Self::longest_transfer) {
  if (build.smp) scheduler.share_lines();
  if (NetworkDevice* device = processors.network()) {
    network_->attach(*device, processors.network_address());
  }
  for (unsigned i = 0; GuestDisk* disk = processors.disk(i); ++i) {
    disks_.push_back(std::make_unique<SharedDisk>(*disk));
    raw_.add(disks_.back()->user(1));
  }
  if (!disks_.empty()) {
    const auto slots = static_cast<std::uint32_t>(processors.swap_size().count / page_size);
    pressure_ = std::make_unique<MemoryPressure>(scheduler, processors, memory_, disks_[0]->user(0),
                                                 std::max(slots, 1U));
    write_back_ = std::make_unique<WriteBack>(context_, scheduler, memory_, files_, *pressure_);
  }
  if (MemoryReservation* reservation = machine.reservation()) {
    balloon_ = std::make_unique<BalloonDriver>(context_, scheduler, memory_, pressure_.get(), *reservation);
  }
  file_calls_ =
      std::make_unique<FileCalls>(context_, scheduler, calls_, memory_, pressure_.get(), write_back_.get());
  const Journal::LongAgo written(files_.journal());
  for (const char* directory : {"/dev", "/lib", "/bin", "/usr", "/usr/tmp", "/usr/tmp/lat_fs"}) {
    (void)calls_.mkdir(kernel_files_, directory);
  }
  (void)calls_.mknod(kernel_files_, "/dev/zero", InodeKind::zero_device);
  (void)calls_.mknod(kernel_files_, "/dev/null", InodeKind::null_device);
  provide(ProgramImage::interpreter, ProgramImage::interpreter_text + ProgramImage::interpreter_data);
  provide("/lib/libc.so.6", 285);
  provide("/lib/libtermcap.so.2", 4);
  provide("/lib/libdl.so.2", 3);
  provide("/usr/tmp/lat_fs/lmbench", 1);
}

ProcessKernel::~ProcessKernel() {
  work_.on(nullptr);
  memory_.paging.tell(nullptr);  // address spaces go while one of them is loaded
  network_->detach();
  scheduler_.timers().clear(alarm_clock_);
  Wakes nobody;
  for (const auto& process : processes_) {
    if (process) process->files.table.close_all(nobody);
  }
}

void ProcessKernel::run_on(unsigned vcpu) {
  memory_.dirty.now(scheduler_.ticks());
  context_.seconds = scheduler_.ticks() / GuestKernel::ticks_per_second;
  work_.on(&processors_.processor(vcpu), &machine_);
  machine_.run_on(vcpu);
  network_->on(vcpu);
}

void ProcessKernel::use_stack(const GuestProcess& process) {
  if (!process.stack) return;
  work_.use(*process.stack, Access::write);  // the task structure, at the bottom
  work_.use({process.stack->value + 1}, Access::write);
}

GuestProcess& ProcessKernel::process(ProcessId id) {
  GuestProcess* process = find(id);
  return process != nullptr ? *process : begin(id, memory_.pages.allocate(stack_order));
}

GuestProcess& ProcessKernel::begin(ProcessId id, std::optional<PageNumber> stack) {
  if (id.value >= processes_.size()) processes_.resize(id.value + 1);
  std::unique_ptr<GuestProcess>& process = processes_[id.value];
  process = std::make_unique<GuestProcess>(context_, id);
  process->user = id.value;
  process->started = scheduler_.ticks();
  process->kernel_thread = is_kernel_thread(id);
  process->stack = stack;
  ++users_[process->user];
  ++process_count_;
  return *process;
}

void ProcessKernel::wake_all(unsigned vcpu, const Wakes& wakes) {
  for (const Wake& wake : wakes) {
    // Who waits is in a queue by an entry on its stack; its task structure is written.
    if (const GuestProcess* sleeper = find(wake.process)) use_stack(*sleeper);
    scheduler_.wake(vcpu, wake.process, wake.synchronous);
  }
}

ProcessKernel::Progress ProcessKernel::perform(unsigned vcpu, ProcessId id, Call& call) {
  run_on(vcpu);
  GuestProcess& caller = process(id);
  caller.processor = vcpu;
  if (!caller.in_call && caller.in_kernel) leave(caller);  // a child comes from its parent's fork
  if (!caller.in_call && call.kind() == Call::Kind::system) {
    machine_.enter_by_call(vcpu);
    caller.in_kernel = true;
  }
  use_stack(caller);
  if (call.kind() == Call::Kind::system) work_.enters(id, caller.in_call);
  caller.in_call = true;
  caller.again = caller.sleeps = caller.interruptible = false;
  const CallResult result = call.step(*this, caller);
  wake_all(vcpu, result.wakes);
  if (pressure_) {
    if (const GuestProcess* victim = pressure_->after_step(vcpu, processes_)) interrupt(vcpu, *victim);
    write_back_->after_step(vcpu);
  }
  // Who waits for memory in vain gives up; a call that pauses comes to its end, and lets go what it holds.
  const bool of_the_program = call.kind() == Call::Kind::instructions && caller.signals.has_kill();
  if ((caller.dies || of_the_program) && caller.again && !caller.sleeps) return Progress::killed;
  caller.interruptible = result.sleeps && !caller.sleeps;
  if (caller.interruptible && caller.signals.pending()) return Progress::more;
  if (result.sleeps || caller.sleeps) return Progress::sleeps;
  if (caller.again) return Progress::more;
  if (result.pauses) return Progress::pauses;
  caller.in_call = false;
  if (caller.next_body) {
    // The call goes with the program that made it.
    scheduler_.replace(id, (*caller.next_body)(Self{}));
    caller.body = std::move(caller.next_body);
  } else {
    call.finish(result);
  }
  std::optional<SignalDelivery> handled;
  if (!deliver_signals(caller, handled)) return Progress::killed;
  if (caller.in_kernel) leave(caller);
  const bool wants_restart = !handled || (result.error == CallError::restart && handled->restart);
  return is_restart(result.error) && wants_restart ? Progress::more : Progress::done;
}

void ProcessKernel::enter_by_fault(GuestProcess& caller, const PageFault& fault) {
  machine_.enter_by_fault(caller.processor, fault);
  work_.enters(caller.id);
  caller.in_kernel = true;
}

void ProcessKernel::leave(GuestProcess& caller) {
  machine_.leave(caller.processor);
  caller.in_kernel = false;
}

bool ProcessKernel::after_step(unsigned vcpu, ProcessId id) {
  run_on(vcpu);
  if (GuestProcess& its = process(id); its.dead_now) return tell_parent(vcpu, its);
  context_.did(KernelPath::wake_process);
  context_.locked(1);
  wake_all(vcpu, {Wake{id}});
  return false;
}

void ProcessKernel::disk_interrupt(unsigned vcpu) {
  run_on(vcpu);
  context_.did(KernelPath::device_interrupt);
  const GuestDisk* disk = processors_.disk(0);
  const Time transfer = disk != nullptr ? disk->last_transfer() : Time{};
  const GuestKernel::WakingFor awaited(scheduler_, LifePart::disk, transfer);
  Wakes wakes = pressure_->interrupt(vcpu);
  raw_.interrupt(processors_.processor(vcpu).clock.local(), wakes);
  wake_all(vcpu, wakes);
}

bool ProcessKernel::switch_to(unsigned vcpu, ProcessId id) {
  if (vcpu >= last_.size()) last_.resize(vcpu + 1);
  const ProcessId last = std::exchange(last_[vcpu], id);
  // A kernel thread borrows what is loaded.
  if (is_kernel_thread(id)) return vcpu < loaded_.size() && loaded_[vcpu] != nullptr;
  run_on(vcpu);
  work_.use(schedule_place());
  const GuestProcess* next = find(id);
  AddressSpace* space = next != nullptr ? next->space.get() : nullptr;
  if (space != nullptr) work_.use(object_page(KernelObject::space, space->directory().value), Access::write);
  load(vcpu, space, next != nullptr && next->stack ? *next->stack : PageNumber{});
  // On the other side of the switch.
  work_.use(schedule_place());
  if (next != nullptr) use_stack(*next);
  // The mark of who has yielded is cleared behind it.
  if (const GuestProcess* left = find(last); left != nullptr && left->stack) {
    work_.use(*left->stack, Access::write);
  }
  if (space != nullptr) {
    context_.did(KernelPath::process_switch);
    context_.locked(
        6);  // run queue, the process's own lock, bits of the processors that use an address space
  }
  return space != nullptr;
}

void ProcessKernel::idle(unsigned vcpu) {
  run_on(vcpu);
  memory_.tables.trim();
}

bool ProcessKernel::give_up_borrowed(unsigned vcpu) {
  const std::optional<ProcessId> current = scheduler_.current(vcpu);
  if (current && !is_kernel_thread(*current)) return false;
  if (AddressSpace* space = std::exchange(loaded_.at(vcpu), nullptr)) space->left_by(vcpu);
  return true;
}

void ProcessKernel::load(unsigned vcpu, AddressSpace* space, PageNumber stack) {
  if (vcpu >= loaded_.size()) loaded_.resize(vcpu + 1);
  machine_.load(vcpu, space != nullptr ? space->directory() : PageNumber{}, stack);
  if (loaded_[vcpu] != nullptr) loaded_[vcpu]->left_by(vcpu);
  loaded_[vcpu] = space;
  if (space != nullptr) space->used_by(vcpu);
}

std::uint32_t ProcessKernel::unused_pages() const {
  return memory_.pages.free_pages() + static_cast<std::uint32_t>(memory_.tables.size()) +
         memory_.packets.free_pages() + memory_.file_pages;
}

OperationCounts ProcessKernel::counts() const {
  using enum OperationCount;
  OperationCounts counts = machine_.counts();
  counts.add(system_calls, work_.count(KernelPath::system_call));
  counts.add(faults, work_.count(KernelPath::fault));
  counts.add(context_switches, scheduler_.switches());
  counts.add(locked_operations, work_.count(KernelPath::locked_operation));
  counts.add(pages_cleared, work_.count(KernelPath::zero_page));
  counts.add(pages_copied, work_.count(KernelPath::copy_page));
  counts.add(interrupts_sent, scheduler_.kicks());
  return counts;
}

std::string ProcessKernel::audit() const {
  std::vector<std::uint32_t> references(memory_.pages.size());
  std::vector<std::uint32_t> slots(memory_.swap ? memory_.swap->slots.size() : 0);
  for (const auto& process : processes_) {
    if (!process) continue;
    if (process->stack) ++references[process->stack->value];
    if (process->space && memory_.swap) process->space->tables().count_slots(slots);
    for (std::string fault : {process->files.table.audit(), process->signals.audit(),
                              process->space ? process->space->audit(references) : std::string{}}) {
      if (!fault.empty()) return fault;
    }
  }
  for (std::uint32_t page = 0; page < memory_.pages.size(); ++page) {
    if (memory_.pages[{page}].file != nullptr) ++references[page];
  }
  memory_.tables.count_references(references);
  memory_.packets.count_references(references);
  pipe_pages_.count_references(references);
  network_->count_references(references);
  if (const NetworkDevice* device = processors_.network()) device->count_references(references);
  if (balloon_) {
    balloon_->count_references(references);
    if (std::string fault = balloon_->audit(); !fault.empty()) return fault;
  }
  if (std::string fault = raw_.audit(references); !fault.empty()) return fault;
  if (pressure_) {
    if (std::string fault = pressure_->audit(references, slots); !fault.empty()) return fault;
  }
  if (std::string fault = memory_.pages.audit(references); !fault.empty()) return fault;
  if (std::string fault = network_->audit(); !fault.empty()) return fault;
  if (std::string fault = semaphores_.audit(); !fault.empty()) return fault;
  if (write_back_) {
    if (std::string fault = write_back_->audit(); !fault.empty()) return fault;
  }
  return files_.audit();
}

}  // namespace xensim
