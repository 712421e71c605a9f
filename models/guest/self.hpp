/// What a program calls itself: its system calls, and its use of memory.
///
///     Program child(Self self) { co_await self.touch(heap, 4, Access::write); }
///     Program parent(Self self) {
///       co_await self.fork(child);
///       co_await self.wait();
///     }
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/guest/call.hpp"
#include "models/guest/open_mode.hpp"
#include "models/guest/operation_counts.hpp"
#include "models/guest/program_image.hpp"
#include "models/guest/select.hpp"
#include "models/guest/semaphores.hpp"
#include "models/guest/signals.hpp"
#include "models/guest/socket.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// What is not trivial is passed by reference: GCC 12 destroys by-value arguments of awaited calls twice.
///
/// Calls give what the real kernel's give: a value, or a CallError, negative. Files are named by path; reads
/// and writes carry up to `longest_transfer` bytes without contents.
class Self {
 public:
  using Body = std::function<Program(Self)>;
  static constexpr std::size_t longest_transfer = 65536;

  // Processes.
  [[nodiscard]] Call getppid() const;
  /// The child runs `child` in a copy of the address space.
  [[nodiscard]] Call fork(const Body& child) const;
  /// The child runs `body` in the caller's address space, which sleeps until it has executed another program
  /// or ended.
  [[nodiscard]] Call vfork(const Body& body) const;
  /// Sleeps until a child is dead; no_process if there is none. The child's number.
  [[nodiscard]] Call wait() const;
  /// The same, by a program that has no end, such as a server, or is done and stays for its children. That it
  /// never goes on is no failure of the run, as it would be in `wait`.
  [[nodiscard]] Call wait_for_good() const;
  /// The program goes on as `body` in a new image, and does not come back here.
  [[nodiscard]] Call exec(const ProgramImage& image, const Body& body) const;

  /// The program goes on as `body` in the same image, as a loader starts what it has loaded.
  [[nodiscard]] Call jump(const Body& body) const;

  // Memory. A process has none before its first exec.
  /// Accesses a word somewhere in each of `pages` pages, or words just `stride` bytes apart; bad_address if
  /// that raised SIGSEGV.
  [[nodiscard]] Call touch(Address first, std::uint32_t pages, Access access,
                           std::uint32_t stride = page_size) const;
  /// The same at addresses in any order, which outlive the call.
  [[nodiscard]] Call touch(const std::vector<Address>& addresses, Access access) const;
  /// The same, kept by the call.
  [[nodiscard]] Call touch(std::vector<Address>&& addresses, Access access) const;
  /// Reads an array from its beginning to its end.
  [[nodiscard]] Call sum(Address array, Bytes size) const;
  /// Executes `lines` lines of 64 bytes of code from `code` on, which takes `time` with warm caches.
  [[nodiscard]] Call run(Address code, std::uint32_t lines, Cycles time) const;
  /// Runs through code that lies scattered in `pages`, `lines` lines of 64 bytes in each. Its time, in a
  /// trace cache too small for it, is part of what the program computes; but code that others have displaced
  /// from the L2 comes from memory again, as processes of one program see it: once for all of them. `pages`
  /// outlives the call.
  [[nodiscard]] Call run_through(const std::vector<Address>& pages, std::uint32_t lines) const;
  Call run_through(std::vector<Address>&& pages, std::uint32_t lines) const = delete;
  struct MapRequest {
    std::uint32_t length = 0;   ///< bytes
    std::uint8_t flags = 0;     ///< AreaFlags
    std::int64_t file = -1;     ///< descriptor; -1: anonymous
    std::uint32_t address = 0;  ///< 0: anywhere
    bool fixed = false;
    std::uint32_t file_page = 0;
  };
  /// The value is the address.
  [[nodiscard]] Call mmap(MapRequest request) const;
  [[nodiscard]] Call munmap(Address start, std::uint32_t length) const;
  [[nodiscard]] Call mprotect(Address start, std::uint32_t length, std::uint8_t protection) const;
  [[nodiscard]] Call brk(Address end) const;
  enum class Synchronize : std::uint8_t {
    later,  ///< MS_ASYNC, MS_INVALIDATE: kupdate or fsync writes it
    now,    ///< MS_SYNC: it is on the disk afterwards, as with fsync of each file
  };
  /// What was changed through shared mappings becomes part of their files. no_memory if not all of it is
  /// mapped.
  [[nodiscard]] Call msync(Address start, std::uint32_t length, Synchronize how) const;

  // Files.
  [[nodiscard]] Call open(std::string_view path) const;
  [[nodiscard]] Call open(std::string_view path, OpenMode mode) const;
  [[nodiscard]] Call creat(std::string_view path) const;
  [[nodiscard]] Call close(std::int64_t descriptor) const;
  [[nodiscard]] Call dup(std::int64_t descriptor) const;
  [[nodiscard]] Call read(std::int64_t descriptor, std::size_t bytes) const;
  [[nodiscard]] Call write(std::int64_t descriptor, std::size_t bytes) const;
  /// A write whose bytes come from mapped memory at `from`, rather than from a buffer that was just filled.
  [[nodiscard]] Call write_from(std::int64_t descriptor, Address from, std::size_t bytes) const;
  [[nodiscard]] Call pread(std::int64_t descriptor, std::size_t bytes, std::uint64_t offset) const;
  [[nodiscard]] Call pwrite(std::int64_t descriptor, std::size_t bytes, std::uint64_t offset) const;
  /// The new position.
  [[nodiscard]] Call lseek(std::int64_t descriptor, std::int64_t offset,
                           SeekFrom from = SeekFrom::start) const;
  /// The file, or everything, is on the disk afterwards. fdatasync is the same in ext3 of Linux 2.4.
  [[nodiscard]] Call fsync(std::int64_t descriptor) const;
  [[nodiscard]] Call fdatasync(std::int64_t descriptor) const { return fsync(descriptor); }
  [[nodiscard]] Call sync() const;
  [[nodiscard]] Call truncate(std::string_view path, std::uint64_t size) const;
  [[nodiscard]] Call ftruncate(std::int64_t descriptor, std::uint64_t size) const;
  [[nodiscard]] Call fstat(std::int64_t descriptor) const;
  [[nodiscard]] Call statfs(std::string_view path) const;
  [[nodiscard]] Call utime(std::string_view path) const;
  /// All names in an open directory, "." and ".." included: the value is their number; 0 the next time.
  /// `names`, if not null, gets them, and must live until the call is done.
  [[nodiscard]] Call getdents(std::int64_t descriptor, std::vector<std::string>* names = nullptr) const;
  /// fcntl: an exclusive lock of some bytes, when nobody else has one there; and its end.
  [[nodiscard]] Call lock(std::int64_t descriptor, std::uint64_t begin, std::uint64_t bytes) const;
  [[nodiscard]] Call unlock(std::int64_t descriptor, std::uint64_t begin, std::uint64_t bytes) const;
  /// A file of that size has been on the disk for long; none of it is in memory. No program's call: it takes
  /// no time.
  [[nodiscard]] Call place_file(std::string_view path, std::uint64_t bytes) const;
  struct PlacedFile {
    std::string path;  ///< directories on its way are made
    std::uint64_t bytes = 0;
  };
  /// The same for many, in the order of how often they were read since: as many of the first as memory has
  /// room for are in the page cache. Of free memory one part in `sharing` is taken, less
  /// `keep_free`. The value is the number of pages.
  [[nodiscard]] Call place_files(const std::vector<PlacedFile>& files, Bytes keep_free,
                                 std::uint32_t sharing = 1) const;
  [[nodiscard]] Call rename(std::string_view from, std::string_view to) const;
  [[nodiscard]] Call rmdir(std::string_view path) const;
  [[nodiscard]] Call stat(std::string_view path) const;
  [[nodiscard]] Call unlink(std::string_view path) const;
  [[nodiscard]] Call mkdir(std::string_view path) const;
  struct PipeEnds {
    std::int64_t read = -1, write = -1;
  };
  /// `ends` must live until the call is done.
  [[nodiscard]] Call pipe(PipeEnds& ends) const;
  // Sockets (self_network.cpp). Datagrams carry up to 1,472 bytes.
  [[nodiscard]] Call socket(SocketKind kind = SocketKind::stream) const;
  [[nodiscard]] Call bind(std::int64_t descriptor, SocketAddress address) const;
  [[nodiscard]] Call listen(std::int64_t descriptor, std::uint32_t backlog = 128) const;
  /// The value is the descriptor of the connection.
  [[nodiscard]] Call accept(std::int64_t descriptor) const;
  [[nodiscard]] Call connect(std::int64_t descriptor, SocketAddress to) const;
  [[nodiscard]] Call shutdown(std::int64_t descriptor) const;
  [[nodiscard]] Call set_option(std::int64_t descriptor, SocketOption option, std::uint32_t value) const;
  /// `name` must live until the call is done.
  [[nodiscard]] Call getsockname(std::int64_t descriptor, SocketAddress& name) const;
  /// O_NONBLOCK.
  [[nodiscard]] Call set_nonblocking(std::int64_t descriptor, bool nonblocking) const;
  [[nodiscard]] Call send_to(std::int64_t descriptor, std::size_t bytes, SocketAddress to) const;
  /// `from` must live until the call is done.
  [[nodiscard]] Call receive_from(std::int64_t descriptor, std::size_t bytes, SocketAddress& from) const;
  /// With a timeout of zero. The number of ready descriptors.
  [[nodiscard]] Call select(unsigned count, const SelectSets& sets) const;

  // Raw disks, past all caches.
  struct RawTransfer {
    unsigned disk = 0;
    std::uint64_t sector = 0;
    Address buffer{};         ///< the beginning of a page
    std::uint32_t bytes = 0;  ///< whole sectors; at most longest_transfer
    bool write = false;
  };
  /// Sleeps until the disk is done. The bytes; io_error if the disk could not.
  [[nodiscard]] Call raw_io(const RawTransfer& transfer) const;
  /// Size of the disk in sectors; no_entry if there is none.
  [[nodiscard]] Call disk_size(unsigned disk) const;

  /// Sleeps until a descriptor is ready, or `timeout` is over (rounded as Sleep is; `never`: no timeout).
  /// `sets`, which must live until the call is done, then holds what is ready.
  [[nodiscard]] Call select(unsigned count, SelectSets& sets, Time timeout) const;

  // Stream sockets of the Unix domain. Values and errors as UnixCalls has them.
  struct SocketPair {
    std::int64_t one = -1, other = -1;
  };
  [[nodiscard]] Call unix_socket() const;
  /// `pair` must live until the call is done.
  [[nodiscard]] Call unix_pair(SocketPair& pair) const;
  [[nodiscard]] Call unix_bind(std::int64_t descriptor, std::string_view path) const;
  [[nodiscard]] Call unix_listen(std::int64_t descriptor, std::size_t backlog) const;
  [[nodiscard]] Call unix_connect(std::int64_t descriptor, std::string_view path) const;
  /// The value is the descriptor of the connection.
  [[nodiscard]] Call unix_accept(std::int64_t descriptor) const;
  [[nodiscard]] Call unix_send(std::int64_t descriptor, std::size_t bytes) const;
  /// The value is the number of bytes, at most `bytes`; 0: the peer has closed.
  [[nodiscard]] Call unix_receive(std::int64_t descriptor, std::size_t bytes) const;

  // System V IPC, all private: numbers are passed on by fork.
  [[nodiscard]] Call semget(unsigned count) const;
  [[nodiscard]] Call semop(std::int64_t set, const std::vector<SemaphoreOperation>& operations) const;
  /// SETVAL.
  [[nodiscard]] Call semctl(std::int64_t set, unsigned semaphore, int value) const;
  [[nodiscard]] Call shmget(std::uint32_t bytes) const;
  /// The value is the address.
  [[nodiscard]] Call shmat(std::int64_t segment) const;

  /// A file of that size is there from now on, and in the page cache, as if it had been written and read long
  /// ago; so are the directories on its way. Takes no time. no_space or no_memory if it does not fit.
  [[nodiscard]] Call existing_file(std::string_view path, Bytes size) const;

  /// sched_yield: all others that can run go first.
  [[nodiscard]] Call yield() const;

  /// Microseconds since the machine was switched on.
  [[nodiscard]] Call gettimeofday() const;

  // Signals.
  [[nodiscard]] Call sigaction(SignalNumber signal, SignalAction action) const;
  /// To itself; 0 only checks. A handler runs, and returns, before the program goes on.
  [[nodiscard]] Call kill(SignalNumber signal) const;
  /// To the process that fork named so. A sleep in a call that waits for others (pipes, sockets, select,
  /// wait, locks, semaphores) or for time ends by it: the call is interrupted, unless it can be made again
  /// and no handler has run, or one that wants that; semop is never made again. Waits for the disk, memory
  /// and raw disks last until they are over.
  [[nodiscard]] Call kill(std::int64_t process, SignalNumber signal) const;
  /// Sleeps until a handler has run: interrupted.
  [[nodiscard]] Call pause() const;

  /// setitimer, for SIGALRM after so many seconds of real time; 0: for none. The value is how many were left
  /// of the last, rounded up.
  [[nodiscard]] Call alarm(std::uint32_t seconds) const;

  /// Floating-point arithmetic: from now on signal frames hold that state too, until the next exec.
  [[nodiscard]] Call use_fpu() const;

  /// The simulated time in picoseconds, read without taking any.
  [[nodiscard]] Call clock() const;
  /// From now on each reading of the clock by this process also notes what had been done by then, at the end
  /// of `readings`, which must outlive the process.
  [[nodiscard]] Call observe(std::vector<OperationCounts>& readings) const;
};

}  // namespace xensim
