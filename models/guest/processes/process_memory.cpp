/// How programs use their memory: accesses with their faults, and mmap.
#include <algorithm>

#include "models/guest/files/regular_file.hpp"
#include "models/guest/processes/process_kernel.hpp"

namespace xensim {

namespace {
/// A table, the page, and one more for what is read.
constexpr std::uint32_t pages_of_a_fault = 3;
}  // namespace

bool ProcessKernel::access(GuestProcess& caller, Address address, Access kind) {
  if (!caller.space) {
    enter_by_fault(caller, {address, PageFault::user});
    caller.signals.force(signal_number::segmentation_fault);
    return false;
  }
  const Mmu::Result result = machine_.access(caller.processor, address, kind);
  if (!result.faulted()) {
    const PageNumber page = memory_.paging.page(result.frame);
    constexpr std::uint32_t line = 64;
    if (page.valid()) work_.accesses(page.value, address.value % page_size < line, kind);
    return true;
  }
  if (!caller.in_kernel) enter_by_fault(caller, result.fault);
  if (!make_room(caller, pages_of_a_fault)) return true;
  const FaultResult fault = caller.space->fault(result.fault, address);
  const FaultResult::Outcome outcome = fault.outcome;
  if (pressure_ && pressure_->handle(caller, fault)) return true;
  if (outcome <= FaultResult::Outcome::retry) {
    leave(caller);
    caller.again = true;  // the access is made again
    return true;
  }
  caller.signals.force(outcome == FaultResult::Outcome::no_memory ? signal_number::kill
                                                                  : signal_number::segmentation_fault);
  return false;
}

void ProcessKernel::sums(GuestProcess& caller, Address page, std::uint32_t lines) {
  Processor& running = processor(caller);
  const Cycles pace = running.costs().sum_line;
  const PageNumber number = memory_.paging.page(caller.space->tables().entry(page).frame());
  running.charge(Activity::user, pace * lines);
  work_.streams(number.value, lines, pace, Processor::Stream::read, Activity::refill);
}

void ProcessKernel::runs(GuestProcess& caller, Address page, std::uint32_t lines, Cycles time) {
  const PageNumber number = memory_.paging.page(caller.space->tables().entry(page).frame());
  work_.executes(number.value, lines);
  processor(caller).charge(Activity::user, time);
}

void ProcessKernel::runs_through(GuestProcess& caller, Address page, std::uint32_t lines) {
  work_.runs_through(memory_.paging.page(caller.space->tables().entry(page).frame()).value, lines);
}

void ProcessKernel::reads_memory(const GuestProcess& caller, Address from, std::size_t bytes) {
  constexpr std::uint32_t line = 64;
  if (!caller.space) return;
  const std::uint32_t end = from.value + static_cast<std::uint32_t>(bytes);
  for (std::uint32_t at = from.value; at < end;) {
    const std::uint32_t here = std::min(end - at, page_size - at % page_size);
    const PageTableEntry entry = caller.space->tables().entry({at});
    const PageNumber page = is_resident(entry) ? memory_.paging.page(entry.frame()) : PageNumber{};
    if (page.valid()) {
      work_.streams(page.value, (here + line - 1) / line, work_.cost(KernelPath::copy_line),
                    Processor::Stream::read);
    }
    at += here;
  }
}

CallResult ProcessKernel::map(GuestProcess& caller, const Self::MapRequest& request) {
  context_.did(KernelPath::system_call);
  if (!caller.space) return CallResult::failed(CallError::no_memory);
  Mapping mapping{.length = request.length,
                  .flags = request.flags,
                  .fixed = request.fixed,
                  .file_page = request.file_page};
  if (request.fixed || request.address != 0) mapping.address = Address{request.address};
  if (request.file >= 0) {
    const auto file =
        std::dynamic_pointer_cast<RegularFile>(caller.files.table.get(static_cast<unsigned>(request.file)));
    if (!file) return CallResult::failed(CallError::bad_descriptor);
    files_.accessed(file->inode());
    // The mapping keeps the file as its descriptor did.
    mapping.file = std::shared_ptr<MappedFile>(file, &files_.inode(file->inode()));
  }
  const std::optional<Address> start = caller.space->map(std::move(mapping));
  if (!start) return CallResult::failed(CallError::no_memory);
  return {.value = start->value};
}

CallResult ProcessKernel::attach(GuestProcess& caller, std::int64_t segment) {
  context_.did(KernelPath::system_call);
  context_.did(KernelPath::segment_attach);
  context_.locked(4);
  const std::shared_ptr<MappedFile> file = shared_memory_.find(segment);
  if (file == nullptr) return CallResult::failed(CallError::invalid);
  if (!caller.space) return CallResult::failed(CallError::no_memory);
  const auto start = caller.space->map({.length = file->pages() * page_size,
                                        .flags = AreaFlags::read | AreaFlags::write | AreaFlags::shared,
                                        .file = file});
  if (!start) return CallResult::failed(CallError::no_memory);
  return {.value = start->value};
}

}  // namespace xensim
