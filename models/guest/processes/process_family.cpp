/// fork, exec, exit and wait of Linux 2.4.21, on top of address spaces, files and signals.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "models/guest/files/regular_file.hpp"
#include "models/guest/processes/process_kernel.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t task_lines = 27;    ///< of the 1.7 KB that fork copies of a task structure
constexpr std::uint32_t action_lines = 22;  ///< 64 signal actions
/// What is freed for a fork before it begins: stack, directory and the usual tables.
constexpr std::uint32_t pages_of_a_fork = 8;
/// And for exec: arguments, tables, and pages of the new image that the kernel itself writes.
constexpr std::uint32_t pages_of_an_exec = 12;
constexpr std::uint8_t code_protection = AreaFlags::read | AreaFlags::execute,
                       data_protection = AreaFlags::read | AreaFlags::write;
constexpr std::uint32_t most_process_ids = 32768 - 300;
// Locked operations besides those of areas, entries, pages and files: lists and numbers of tasks, references
// to user, working directory, executable and memory, the run queue. Fork takes about 60 in all, exit and wait
// 60, exec 150; these are left when those are subtracted that are counted where they belong.
constexpr std::uint64_t locked_by_fork = 56, locked_by_exit = 36, locked_by_exec = 120;

}  // namespace

CallResult ProcessKernel::fork(GuestProcess& parent, const Self::Body& child) {
  return make_child(parent, child, Memory::copied);
}

CallResult ProcessKernel::vfork(GuestProcess& parent, const Self::Body& body, std::int64_t& child) {
  if (child < 0) {
    const CallResult made = make_child(parent, body, Memory::lent);
    if (!made.ok() || parent.again || parent.sleeps) return made;
    child = made.value;
    parent.lends = true;
    context_.did(KernelPath::wait_entry);
    context_.locked(3);  // the completion's queue before and after the sleep, task state
  }
  parent.sleeps = parent.lends;
  return {.value = child};
}

void ProcessKernel::return_memory(unsigned vcpu, GuestProcess& child) {
  GuestProcess* lender = find(std::exchange(child.lender, {}));
  if (lender == nullptr) return;
  lender->space = std::move(child.space);
  lender->lends = false;
  context_.did(KernelPath::wake_process);
  context_.locked(2);
  wake_all(vcpu, {Wake{lender->id}});
}

CallResult ProcessKernel::make_child(GuestProcess& parent, const Self::Body& child_body, Memory memory) {
  if (!make_room(parent, pages_of_a_fork)) return {};
  context_.did(KernelPath::system_call);
  context_.did(KernelPath::fork_fixed);
  context_.locked(locked_by_fork);
  const auto stack = memory_.pages.allocate(stack_order);
  if (!stack) return out_of_pages(parent);
  context_.did(KernelPath::copy_line, task_lines + action_lines);
  if (!may_fork(parent)) {
    memory_.pages.free(*stack, stack_order);
    return CallResult::failed(CallError::try_again);
  }
  std::unique_ptr<AddressSpace> space;
  if (memory == Memory::copied && parent.space) {
    space = parent.space->fork();
    if (!space) {
      memory_.pages.free(*stack, stack_order);
      return out_of_pages(parent);
    }
  }
  auto body = std::make_unique<Self::Body>(child_body);
  const ProcessId id = scheduler_.fork(parent.processor, (*body)(Self{}), [&](ProcessId child_id) {
    GuestProcess& child = begin(child_id, stack);
    child.parent = parent.id;
    users_.erase(child.user);  // it was its own only
    ++users_[child.user = parent.user];
    child.space = memory == Memory::lent ? std::move(parent.space) : std::move(space);
    if (memory == Memory::lent) child.lender = parent.id;
    context_.reads(KernelObject::process, parent.id.value, task_lines + action_lines);
    work_.uses_process(child_id, task_lines + action_lines);
    child.files.table = parent.files.table.forked();
    child.files.working_directory = parent.files.working_directory;
    child.signals = parent.signals.forked();
    child.uses_fpu = parent.uses_fpu;
    child.body = std::move(body);
    child.in_kernel = true;
  });
  ++parent.children;
  context_.did(KernelPath::wake_process);
  return {.value = id.value};
}

CallResult ProcessKernel::out_of_pages(GuestProcess& caller) {
  if (!pressure_ || caller.dies) return CallResult::failed(CallError::no_memory);
  pressure_->free_some(caller);
  return {};
}

bool ProcessKernel::may_fork(const GuestProcess& parent) const {
  // The kernel stacks may take an eighth of memory, and one user half of that number of processes.
  const std::uint32_t most = std::min(memory_.pages.size() / 16, most_process_ids);
  return users_.at(parent.user) < most / 2 && process_count_ < most;
}

CallResult ProcessKernel::wait(GuestProcess& parent) {
  const bool slept = std::exchange(parent.waits_for_child, false);
  if (!slept) {
    context_.did(KernelPath::system_call);
    context_.did(KernelPath::wait_fixed);
  }
  if (parent.children == 0) return CallResult::failed(CallError::no_process);
  if (parent.dead.empty()) {
    if (slept && parent.signals.pending()) return CallResult::failed(CallError::restart);
    context_.did(KernelPath::wait_entry);
    context_.locked(6);
    parent.waits_for_child = true;
    return {.sleeps = true};
  }
  const ProcessId child = parent.dead.front();
  parent.dead.erase(parent.dead.begin());
  --parent.children;
  release(*processes_[child.value]);
  return {.value = child.value};
}

void ProcessKernel::release(GuestProcess& dead) {
  const ProcessId id = dead.id, parent = dead.parent;
  context_.did(KernelPath::process_release);
  if (dead.stack) memory_.pages.free(*dead.stack, stack_order);
  if (--users_[dead.user] == 0) users_.erase(dead.user);
  --process_count_;
  processes_[id.value].reset();
  if (parent.valid()) scheduler_.reap(parent, id);
}

void ProcessKernel::exit(unsigned vcpu, ProcessId id) {
  run_on(vcpu);
  GuestProcess& dying = process(id);
  if (!dying.in_kernel) {  // not killed on its way out
    machine_.enter_by_call(vcpu);
    use_stack(dying);
    work_.enters(id);
  }
  context_.did(KernelPath::system_call);
  context_.did(KernelPath::exit_fixed);
  context_.locked(locked_by_exit);
  raw_.abandon(id);
  return_memory(vcpu, dying);
  if (dying.space) {
    dying.space->clear();
    machine_.unload(dying.space->directory());
    std::replace(loaded_.begin(), loaded_.end(), dying.space.get(), static_cast<AddressSpace*>(nullptr));
    dying.space.reset();
  }
  const SpinLock::Held big_lock = context_.hold(KernelLock::big_kernel);
  Wakes wakes;
  file_calls_->abandon(dying, wakes);
  dying.files.table.close_all(wakes);
  wake_all(vcpu, wakes);
  for (const auto& other : processes_) {
    if (!other || other->parent != id) continue;
    // init would wait for it.
    if (std::ranges::count(dying.dead, other->id) > 0)
      release(*other);
    else
      other->parent = {}, other->orphan = true;
  }
  dying.dead_now = true;
  scheduler_.call_after_step(vcpu, id);
}

bool ProcessKernel::tell_parent(unsigned vcpu, GuestProcess& dead) {
  if (!dead.parent.valid()) {
    const bool orphan = dead.orphan;
    release(dead);
    return orphan;
  }
  GuestProcess& parent = *processes_[dead.parent.value];
  parent.dead.push_back(dead.id);
  tell_of_child(vcpu, dead);
  context_.did(KernelPath::wake_up);
  if (!parent.waits_for_child) return false;
  context_.did(KernelPath::wake_process);
  wake_all(vcpu, {Wake{parent.id}});
  return false;
}

CallResult ProcessKernel::install(const std::string& path, std::uint32_t pages) {
  if (installed_.contains(path)) return CallResult::failed(CallError::exists);
  const Journal::LongAgo written(files_.journal());
  make_directories(path);
  const CallResult created = calls_.creat(kernel_files_, path);
  if (!created.ok()) return created;
  const auto descriptor = static_cast<unsigned>(created.value);
  const auto file = std::dynamic_pointer_cast<RegularFile>(kernel_files_.table.get(descriptor));
  Inode& inode = files_.inode(file->inode());
  for (std::uint32_t i = 0; i < pages; ++i) {
    const CallResult page = files_.write(file->inode(), std::uint64_t{i} * page_size, page_size);
    // A program that is first started when memory is short has fewer pages in memory.
    if (page.ok() || page.error == CallError::no_memory) continue;
    (void)calls_.close(kernel_files_, descriptor);
    return page;
  }
  for (const PageNumber page : inode.cached) {
    memory_.pages[page].dirty = false;
    memory_.dirty.remove(BufferId::of(page));
  }
  // The inode lives as long as the file system: its descriptor stays open.
  installed_[path] = std::shared_ptr<Inode>(std::shared_ptr<void>(), &inode);
  return {.value = descriptor};
}

void ProcessKernel::provide(const std::string& path, std::uint32_t pages) {
  const CallResult installed = install(path, pages);
  if (installed.ok()) return;
  throw InputError({}, fmt::format("no room for {} of {} pages", path, pages),
                   installed.error == CallError::no_memory ? "more memory" : "a larger file_system");
}

CallResult ProcessKernel::place(GuestProcess& caller, const std::string& path, std::uint32_t pages) {
  work_.on(nullptr);
  const CallResult descriptor = install(path, pages);
  if (descriptor.ok()) (void)calls_.close(kernel_files_, static_cast<unsigned>(descriptor.value));
  run_on(caller.processor);
  // Another program may have put it there.
  if (descriptor.ok() || descriptor.error == CallError::exists) return {};
  return descriptor;
}

CallResult ProcessKernel::place_file(GuestProcess& caller, std::string_view path, std::uint64_t bytes) {
  work_.on(nullptr);
  const Journal::LongAgo written(files_.journal());
  const CallResult created = calls_.creat(caller.files, path);
  CallResult result = created;
  if (created.ok()) {
    const auto descriptor = static_cast<unsigned>(created.value);
    const auto& file = dynamic_cast<const RegularFile&>(*caller.files.table.peek(descriptor));
    result = {.error = files_.place(file.inode(), bytes)};
    (void)calls_.close(caller.files, descriptor);
  }
  run_on(caller.processor);
  return result;
}

Executable ProcessKernel::linked(const ProgramImage& image) const {
  return {.file = installed_.at(image.path),
          .segments = {{ProgramImage::base, image.text, code_protection, 0},
                       {image.data_start(), image.data, data_protection, image.text}},
          .data_end = image.data_end(),
          .bss_end = image.bss_end()};
}

Executable ProcessKernel::interpreter() const {
  constexpr std::uint32_t text = ProgramImage::interpreter_text, data = ProgramImage::interpreter_data;
  return {.file = installed_.at(ProgramImage::interpreter),
          .segments = {{{0}, text, code_protection, 0}, {{text * page_size}, data, data_protection, text}},
          .data_end = {text * page_size + 0xa00},
          .bss_end = {text * page_size + 0xc00}};
}

bool ProcessKernel::may_read(GuestProcess& caller, const ProgramImage& image) {
  const std::shared_ptr<Inode>& program = installed_.at(image.path);
  const std::shared_ptr<Inode>& loader = installed_.at(ProgramImage::interpreter);
  if (pressure_) {
    if (!make_room(caller, pages_of_an_exec)) return false;
    // The headers, and where the kernel clears the rest of the last page of data.
    for (const auto& [file, last] :
         {std::pair{program, image.text + image.data - 1}, {loader, ProgramImage::interpreter_text}}) {
      for (const std::uint32_t page : {0U, last}) {
        if (!pressure_->file_page_ready(caller, *file, page)) return false;
      }
    }
  }
  for (const auto& file : {program, loader}) {
    if (!file_calls_->may_access(caller, file->number)) return false;
  }
  return true;
}

bool ProcessKernel::give_new_space(GuestProcess& caller) {
  std::unique_ptr<AddressSpace> space = AddressSpace::create(memory_);
  if (!space) return false;
  return_memory(caller.processor, caller);
  caller.space = std::move(space);
  load(caller.processor, caller.space.get(), caller.stack.value_or(PageNumber{}));
  return true;
}

void ProcessKernel::write_to(GuestProcess& caller, Address address) {
  const PageFault fault{address, PageFault::write};
  // The entry of the argument page may still be queued; then that goes first, and the access faults again.
  for (auto outcome = FaultResult::Outcome::retry; outcome == FaultResult::Outcome::retry;) {
    machine_.enter_by_fault(caller.processor, fault);
    outcome = caller.space->fault(fault).outcome;
    machine_.leave(caller.processor);
  }
}

CallResult ProcessKernel::exec(GuestProcess& caller, const ProgramImage& image, const Self::Body& body) {
  if (!installed_.contains(image.path)) {  // it was there, and read, long ago
    work_.on(nullptr);
    provide(image.path, image.text + image.data);
    run_on(caller.processor);
  }
  if (!may_read(caller, image)) return {};
  context_.locked(locked_by_exec);
  const CallResult found = calls_.stat(caller.files, image.path);
  if (!found.ok()) return found;
  if ((!caller.space || caller.lender.valid()) && !give_new_space(caller)) {
    return CallResult::failed(CallError::no_memory);
  }
  files_.accessed(installed_.at(image.path)->number);
  if (image.dynamic) files_.accessed(installed_.at(ProgramImage::interpreter)->number);
  const Executable loader = interpreter();
  const auto loaded = execute(memory_, *caller.space, linked(image), image.dynamic ? &loader : nullptr);
  if (!loaded) return CallResult::failed(CallError::no_memory);
  for (const Address address : loaded->cleared) write_to(caller, address);
  caller.signals.reset_handlers();
  caller.uses_fpu = false;
  caller.next_body = std::make_unique<Self::Body>(body);
  return {};
}

}  // namespace xensim
