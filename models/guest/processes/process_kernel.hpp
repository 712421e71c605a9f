/// The part of a guest kernel that gives processes memory, files and signals.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/guest/files/file_calls.hpp"
#include "models/guest/files/pipe_pages.hpp"
#include "models/guest/files/raw_io.hpp"
#include "models/guest/files/shared_disk.hpp"
#include "models/guest/kernel/kernel.hpp"
#include "models/guest/memory/balloon_driver.hpp"
#include "models/guest/memory/memory_pressure.hpp"
#include "models/guest/memory/page_cache_pages.hpp"
#include "models/guest/memory/shared_memory.hpp"
#include "models/guest/network/network_stack.hpp"
#include "models/guest/network/softirq_daemon.hpp"
#include "models/guest/network/unix_calls.hpp"
#include "models/guest/processes/executable.hpp"
#include "models/guest/processes/guest_process.hpp"
#include "models/guest/processes/process_machine.hpp"
#include "models/guest/processes/semaphores.hpp"

namespace xensim {

class StatisticSink;

/// Executes calls on the kernel's structures, and charges the processor they are made on. Everything a file
/// system of the time holds that programs need lies in the page cache: /dev, /lib, /usr/tmp/lat_fs.
class ProcessKernel {
 public:
  /// `pages` of memory, of which the kernel's image takes the first.
  ProcessKernel(GuestKernel& scheduler, VirtualMachine& processors, ProcessMachine& machine,
                const KernelPathCosts& costs, KernelBuild build, std::uint32_t pages);
  ~ProcessKernel();
  ProcessKernel(const ProcessKernel&) = delete;
  ProcessKernel& operator=(const ProcessKernel&) = delete;

  enum class Progress : std::uint8_t {
    done,
    more,    ///< the call has further steps; the kernel may reschedule before
    pauses,  ///< it has, and the process keeps the processor, but for interrupts
    sleeps,  ///< the call is to be made again when something has woken the process
    killed,  ///< by a signal; exit follows
  };
  /// The process current on `vcpu` makes a call, or goes on with it.
  [[nodiscard]] Progress perform(unsigned vcpu, ProcessId id, Call& call);
  /// What becomes of the process, which a signal was sent to, on its way to user mode.
  enum class Fate : std::uint8_t { in_call, goes_on, stops, dies };
  /// Signals are delivered to the process current on `vcpu`, unless it is in the middle of a call.
  [[nodiscard]] Fate deliver(unsigned vcpu, ProcessId id);
  /// do_exit: its memory and files go. Its parent has to wait for it, and is told when the step has ended.
  void exit(unsigned vcpu, ProcessId id);
  /// The processor goes over to the process's address space. False: it has none that is modelled.
  bool switch_to(unsigned vcpu, ProcessId id);
  /// The idle loop begins there.
  void idle(unsigned vcpu);
  /// The address space loaded there is flushed on behalf of another processor (leave_mm). True: it was only
  /// borrowed, by the idle loop or a kernel thread, and is given up.
  [[nodiscard]] bool give_up_borrowed(unsigned vcpu);

  // For calls, on the caller.
  /// SIGALRM after so many seconds; 0: never. The value is how many were left of the last, rounded up.
  [[nodiscard]] CallResult set_alarm(GuestProcess& caller, std::uint32_t seconds);
  /// The child's number, or no_memory.
  [[nodiscard]] CallResult fork(GuestProcess& parent, const Self::Body& child);
  /// The same in the parent's address space; `child` gets its number. Sleeps until that is given back.
  [[nodiscard]] CallResult vfork(GuestProcess& parent, const Self::Body& body, std::int64_t& child);
  [[nodiscard]] CallResult wait(GuestProcess& parent);
  [[nodiscard]] CallResult exec(GuestProcess& caller, const ProgramImage& image, const Self::Body& body);
  /// Fails with no_process, or invalid. To a kernel thread nothing happens.
  [[nodiscard]] CallResult kill(GuestProcess& caller, std::int64_t number, SignalNumber signal);
  /// What the kernel does from now on it does there: before anything that no call below begins with.
  void run_on(unsigned vcpu);
  /// The device has interrupted the virtual processor: what it completed is taken notice of.
  void disk_interrupt(unsigned vcpu);
  /// A driver's softirq on `vcpu`, which is the only one that the kernel is told of: what is left of it goes
  /// to the daemon that this returns.
  SoftirqDaemon& give_softirq(unsigned vcpu, SoftirqDaemon::Softirq softirq) {
    softirqs_ = std::make_unique<SoftirqDaemon>(scheduler_, vcpu, std::move(softirq));
    return *softirqs_;
  }
  /// A step of the processor has ended for everybody: a process wakes whose turn has come (up of a
  /// semaphore), or has died. True: it had a parent, which is gone, and nothing is left of it.
  [[nodiscard]] bool after_step(unsigned vcpu, ProcessId id);
  /// One step of a transfer between a raw disk and the caller's memory.
  [[nodiscard]] CallResult raw_io(GuestProcess& caller, const Self::RawTransfer& transfer);
  [[nodiscard]] CallResult disk_size(unsigned disk) const;
  [[nodiscard]] CallResult place_file(GuestProcess& caller, std::string_view path, std::uint64_t bytes);
  [[nodiscard]] CallResult place_files(GuestProcess& caller, std::span<const Self::PlacedFile> files,
                                       Bytes keep_free, std::uint32_t sharing);
  /// One access, with at most one fault handled: then `again` is set. False: SIGSEGV was raised.
  [[nodiscard]] bool access(GuestProcess& caller, Address address, Access kind);
  /// The caller adds up so many lines of a page that is there.
  void sums(GuestProcess& caller, Address page, std::uint32_t lines);
  /// The caller runs through `lines` lines of code in a page that is there, in `time` with warm caches.
  void runs(GuestProcess& caller, Address page, std::uint32_t lines, Cycles time);
  /// The same, in time that is part of what the caller computes, trace cache and all.
  void runs_through(GuestProcess& caller, Address page, std::uint32_t lines);
  /// The kernel reads so much of the caller's memory, where it is mapped.
  void reads_memory(const GuestProcess& caller, Address from, std::size_t bytes);
  [[nodiscard]] CallResult map(GuestProcess& caller, const Self::MapRequest& request);
  [[nodiscard]] SystemCalls& calls() { return calls_; }
  [[nodiscard]] FileCalls& file_calls() { return *file_calls_; }
  [[nodiscard]] UnixCalls& unix_calls() { return unix_calls_; }
  [[nodiscard]] Semaphores& semaphores() { return semaphores_; }
  [[nodiscard]] SharedMemory& shared_memory() { return shared_memory_; }
  [[nodiscard]] CallResult attach(GuestProcess& caller, std::int64_t segment);
  /// See Self::existing_file.
  [[nodiscard]] CallResult place(GuestProcess& caller, const std::string& path, std::uint32_t pages);
  /// A driver that goes mad (GuestDisk::put_nonsense). The value is how many requests it made up; no_entry
  /// without a disk.
  CallResult misuse_ring(GuestProcess& caller);
  [[nodiscard]] GuestKernel& scheduler() { return scheduler_; }
  [[nodiscard]] Processor& processor(const GuestProcess& caller) {
    return processors_.processor(caller.processor);
  }
  [[nodiscard]] FootprintId footprint(const GuestProcess& caller) const {
    return scheduler_.footprint(caller.id);
  }
  /// Memory for transfers whose contents nobody looks at.
  [[nodiscard]] std::span<std::byte> buffer(std::size_t bytes) { return std::span(buffer_).first(bytes); }
  [[nodiscard]] const KernelContext& context() const { return context_; }

  [[nodiscard]] const KernelWork& work() const { return work_; }
  /// What kernel and machine have done since they began.
  [[nodiscard]] OperationCounts counts() const;
  [[nodiscard]] const GuestMemory& memory() const { return memory_; }
  [[nodiscard]] GuestMemory& memory() { return memory_; }
  [[nodiscard]] NetworkStack& network() { return *network_; }
  [[nodiscard]] const NetworkStack& network() const { return *network_; }
  /// Null without a disk.
  [[nodiscard]] const MemoryPressure* pressure() const { return pressure_.get(); }
  [[nodiscard]] const WriteBack* write_back() const { return write_back_.get(); }
  /// Null where memory cannot be given back.
  [[nodiscard]] BalloonDriver* balloon() { return balloon_.get(); }
  /// Pages that no process holds: free, on the quicklists, in slabs for packets, in the page cache.
  [[nodiscard]] std::uint32_t unused_pages() const;
  void report(StatisticSink& sink, const std::string& prefix) const;
  /// Who waits for whom, if a program of the group (not a child of one) can never go on; see Standstill.
  /// Empty otherwise, and for programs that rest. O(processes * descriptors), only if such a program sleeps.
  [[nodiscard]] std::string deadlock(TimeLedger::Group group) const;
  [[nodiscard]] std::string audit() const;

 private:
  /// Goes off when the first of the processes' alarms may be due.
  class AlarmClock final : public KernelTimer {
   public:
    explicit AlarmClock(ProcessKernel& kernel) : kernel_(kernel) {}
    void expired(unsigned vcpu) override { kernel_.ring(vcpu); }

   private:
    ProcessKernel& kernel_;
  };
  /// Sends SIGALRM to everybody whose time has come. O(processes).
  void ring(unsigned vcpu);
  /// 2 MB of the kernel with what it allocates at boot, and a descriptor of 44 bytes for each page (mem_map).
  [[nodiscard]] static constexpr std::uint32_t boot_pages(std::uint32_t pages) {
    constexpr std::uint32_t image = 512, descriptors_in_page = page_size / 44;
    return image + pages / descriptors_in_page;
  }
  /// The value is a descriptor of the kernel's own.
  [[nodiscard]] CallResult install(const std::string& path, std::uint32_t pages);
  /// The same for what every system has. Throws InputError if it does not fit.
  void provide(const std::string& path, std::uint32_t pages);
  void make_directories(const std::string& path);
  void enter_by_fault(GuestProcess& caller, const PageFault& fault);
  void leave(GuestProcess& caller);
  [[nodiscard]] Executable linked(const ProgramImage& image) const;
  [[nodiscard]] Executable interpreter() const;
  void load(unsigned vcpu, AddressSpace* space, PageNumber stack);
  /// The signal was sent by who runs on `vcpu`, and `wakes` (Signals::send): who is stopped goes on, or not.
  void signalled(unsigned vcpu, GuestProcess& target, SignalNumber signal, bool wakes);
  /// SIGCHLD: the child has died, or stopped.
  void tell_of_child(unsigned vcpu, const GuestProcess& child);
  /// A signal is to be delivered to it: its sleep ends, if signals may end it.
  void interrupt(unsigned vcpu, const GuestProcess& target);
  /// Signals on the way to user mode. False: one kills the process. The first handler that has run is put
  /// into `handled`.
  [[nodiscard]] bool deliver_signals(GuestProcess& caller, std::optional<SignalDelivery>& handled);
  static constexpr unsigned stack_order = 1;  ///< task structure and kernel stack, 8 KB
  /// Null: it has made no call yet, or is gone.
  [[nodiscard]] GuestProcess* find(ProcessId id) {
    return id.valid() && id.value < processes_.size() ? processes_[id.value].get() : nullptr;
  }
  [[nodiscard]] GuestProcess& process(ProcessId id);
  GuestProcess& begin(ProcessId id, std::optional<PageNumber> stack);
  void wake_all(unsigned vcpu, const Wakes& wakes);
  void release(GuestProcess& dead);
  /// The parent of one that has died may wait for it now; without one it is gone. As after_step().
  [[nodiscard]] bool tell_parent(unsigned vcpu, GuestProcess& dead);
  /// There is room for so many pages, or no such thing as reclaim. False: the caller has more to do, or
  /// sleeps, and the call is to be made again.
  [[nodiscard]] bool make_room(GuestProcess& caller, std::uint32_t pages) {
    return !pressure_ || !memory_.pages.short_of(pages) || pressure_->make_room(caller, pages);
  }
  enum class Memory : std::uint8_t { copied, lent };
  [[nodiscard]] CallResult make_child(GuestProcess& parent, const Self::Body& body, Memory memory);
  /// mm_release: what a parent has lent is its again, and it wakes.
  void return_memory(unsigned vcpu, GuestProcess& child);
  /// no_memory; where memory is reclaimed the caller frees some, and makes its call again.
  [[nodiscard]] CallResult out_of_pages(GuestProcess& caller);
  /// Another process may be made: neither user nor machine has too many.
  [[nodiscard]] bool may_fork(const GuestProcess& parent) const;
  [[nodiscard]] bool is_kernel_thread(ProcessId id) const {
    return (pressure_ && (pressure_->daemon() == id || write_back_->is_daemon(id))) ||
           (balloon_ && balloon_->is_daemon(id)) || (softirqs_ && softirqs_->id() == id);
  }
  void use_stack(const GuestProcess& process);
  // Parts of exec. False: the caller has more to do, or sleeps, and the call is to be made again.
  [[nodiscard]] bool may_read(GuestProcess& caller, const ProgramImage& image);
  /// False: no memory. What was lent goes back.
  [[nodiscard]] bool give_new_space(GuestProcess& caller);
  /// The kernel writes into the process's memory.
  void write_to(GuestProcess& caller, Address address);

  GuestKernel& scheduler_;
  VirtualMachine& processors_;
  ProcessMachine& machine_;
  KernelWork work_;
  KernelLocks locks_;
  KernelContext context_;
  GuestMemory memory_;
  PageCachePages cache_pages_;
  std::vector<std::unique_ptr<SharedDisk>> disks_;
  RawIo raw_;
  std::unique_ptr<MemoryPressure> pressure_;
  FileSystem files_;
  std::unique_ptr<NetworkStack> network_;
  PipePages pipe_pages_;
  SystemCalls calls_;
  std::unique_ptr<WriteBack> write_back_;  ///< null without a disk
  std::unique_ptr<BalloonDriver> balloon_;
  std::unique_ptr<SoftirqDaemon> softirqs_;  ///< null: no driver leaves any
  std::unique_ptr<FileCalls> file_calls_;
  UnixCalls unix_calls_;
  Semaphores semaphores_;
  SharedMemory shared_memory_;
  ProcessFiles kernel_files_;
  std::map<std::string, std::shared_ptr<Inode>> installed_;
  std::vector<std::byte> buffer_;
  std::vector<AddressSpace*> loaded_;                     ///< by virtual processor
  std::vector<ProcessId> last_;                           ///< that each was given to
  std::vector<std::unique_ptr<GuestProcess>> processes_;  ///< by id; null: computes and sleeps only
  std::map<std::uint32_t, std::uint32_t> users_;          ///< how many processes each has
  std::uint32_t process_count_ = 0;
  AlarmClock alarm_clock_{*this};
};

}  // namespace xensim
