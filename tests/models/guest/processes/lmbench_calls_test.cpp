// The system-call rows of lmbench 3.0-a3: what each iteration makes the kernel do, in counts. Expected
// numbers are read off the kernel's and the benchmark's descriptions, not off measured times.
#include <gmock/gmock.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

constexpr KernelBuild uniprocessor{}, smp{.smp = true};

struct Lmbench : Calls {
  explicit Lmbench(KernelBuild build = uniprocessor) : Calls(build) {
    must(calls.mkdir(process, "/dev"));
    must(calls.mknod(process, "/dev/zero", InodeKind::zero_device));
    must(calls.mknod(process, "/dev/null", InodeKind::null_device));
    must(calls.mkdir(process, "/usr"));
    must(calls.mkdir(process, "/usr/tmp"));
    must(calls.mkdir(process, "/usr/tmp/lat_fs"));
    must(calls.close(process, open("/usr/tmp/lat_fs/lmbench", {.create = true})));
    did.restart();
  }
  static constexpr std::string_view path = "/usr/tmp/lat_fs/lmbench";
};

TEST(LmbenchCalls, NullCallIsOneTrap) {
  Lmbench up;
  up.calls.getppid();
  EXPECT_EQ(up.did[KernelPath::system_call], 1U);
  EXPECT_EQ(up.did[KernelPath::locked_operation], 0U);
  Lmbench locked(smp);
  locked.calls.getppid();
  EXPECT_EQ(locked.did[KernelPath::locked_operation], 1U);
}

TEST(LmbenchCalls, NullIoIsOneDescriptorLookupAndOneMethodEach) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    const unsigned zero = kernel.open("/dev/zero"), null = kernel.open("/dev/null");
    for (const bool reads : {true, false}) {
      kernel.did.restart();
      EXPECT_EQ((reads ? kernel.read(zero, 1) : kernel.write(null, 1)).value, 1);
      EXPECT_EQ(kernel.did[KernelPath::system_call], 1U);
      EXPECT_EQ(kernel.did[KernelPath::fd_lookup], 1U);
      EXPECT_EQ(kernel.did[KernelPath::device_access], 1U);
      EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 5U : 0U);
    }
  }
}

TEST(LmbenchCalls, StatLooksUpFourComponentsInTheCacheAndCopiesOneInode) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    kernel.must(kernel.calls.stat(kernel.process, Lmbench::path));
    EXPECT_EQ(kernel.did[KernelPath::system_call], 1U);
    EXPECT_EQ(kernel.did[KernelPath::path_component], 4U);
    EXPECT_EQ(kernel.did[KernelPath::path_character], Lmbench::path.size());
    EXPECT_EQ(kernel.did[KernelPath::inode_stat_copy], 1U);
    EXPECT_EQ(kernel.did[KernelPath::directory_entry] + kernel.did[KernelPath::journal_access], 0U);
    EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 4U + 3 * 4 : 0U);
  }
}

TEST(LmbenchCalls, OpenAndCloseTouchNoDiskStructure) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    kernel.must(kernel.calls.close(kernel.process, kernel.open(Lmbench::path)));
    EXPECT_EQ(kernel.did[KernelPath::system_call], 2U);
    EXPECT_EQ(kernel.did[KernelPath::path_component], 4U);
    EXPECT_EQ(kernel.did[KernelPath::file_open], 1U);
    EXPECT_EQ(kernel.did[KernelPath::file_release], 1U);
    EXPECT_EQ(kernel.did[KernelPath::descriptor_allocate], 1U);
    EXPECT_EQ(kernel.did[KernelPath::journal_access] + kernel.did[KernelPath::buffer_lookup], 0U);
    EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 16U + 3 * 4 : 0U);
  }
}

/// The set is the duplicates of one descriptor; the count of 100 leaves out those numbered from 100 on.
std::uint64_t select_100(Lmbench& kernel, std::shared_ptr<File> file, unsigned open_before) {
  while (kernel.process.table.open_count() < open_before) (void)kernel.open("/dev/null");
  const auto original = static_cast<unsigned>(kernel.process.table.install(std::move(file)).value);
  SelectSets wanted;
  for (int i = 0; i < 100; ++i) {
    wanted.write.set(static_cast<unsigned>(kernel.calls.dup(kernel.process, original).value));
  }
  kernel.must(kernel.calls.close(kernel.process, original));
  kernel.did.restart();
  Select select(kernel.context, kernel.process.table, ProcessId{0}, 100, wanted, false);
  const CallResult result = kernel.calls.select(select);
  EXPECT_EQ(result.value, static_cast<std::int64_t>(select.polled())) << "all are writable";
  return select.polled();
}

TEST(LmbenchCalls, SelectOf100TcpDescriptorsPollsAbout95) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    const auto polled = select_100(kernel, std::make_shared<WritableFile>(), 4);
    EXPECT_EQ(polled, 95U);
    EXPECT_EQ(kernel.did[KernelPath::system_call], 1U);
    EXPECT_EQ(kernel.did[KernelPath::fd_lookup], polled);
    EXPECT_EQ(kernel.did[KernelPath::poll_one], polled);
    EXPECT_EQ(kernel.did[KernelPath::select_bit], 100U);
    EXPECT_EQ(kernel.did[KernelPath::wait_entry] + kernel.did[KernelPath::wake_up], 0U);
    EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 3 + 4 * polled : 0U);
  }
}

TEST(LmbenchCalls, SelectOf100FilesCallsNoPollMethod) {
  Lmbench kernel;
  const unsigned file = kernel.open(Lmbench::path);
  const std::shared_ptr<File> shared = kernel.process.table.get(file);
  EXPECT_FALSE(shared->has_poll());
  EXPECT_THAT(select_100(kernel, shared, 4), AllOf(Ge(90U), Le(97U)));
  EXPECT_EQ(kernel.did[KernelPath::poll_one], 0U);
}

TEST(LmbenchCalls, SignalInstallationCopiesTwoActions) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    Signals signals(kernel.context);
    SignalAction previous;
    kernel.must(kernel.calls.sigaction(signals, signal_number::user1, {.kind = SignalAction::Kind::handler},
                                       &previous));
    EXPECT_EQ(kernel.did[KernelPath::system_call], 1U);
    EXPECT_EQ(kernel.did[KernelPath::sigaction], 1U);
    EXPECT_EQ(kernel.did[KernelPath::copy_user], 2U);
    EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 1U : 0U);
  }
}

TEST(LmbenchCalls, SignalHandlingIsASecondTrapAndAFrame) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    Signals signals(kernel.context);
    kernel.must(kernel.calls.sigaction(signals, signal_number::user1, {.kind = SignalAction::Kind::handler}));
    kernel.did.restart();
    bool wakes = false;
    kernel.must(kernel.calls.kill(signals, signal_number::user1, wakes));
    EXPECT_TRUE(signals.deliver(true));
    kernel.must(kernel.calls.sigreturn(signals));
    EXPECT_EQ(kernel.did[KernelPath::system_call], 2U);
    EXPECT_EQ(kernel.did[KernelPath::signal_send], 1U);
    EXPECT_EQ(kernel.did[KernelPath::signal_deliver], 1U);
    EXPECT_EQ(kernel.did[KernelPath::signal_frame], 1U);
    EXPECT_EQ(kernel.did[KernelPath::signal_return], 1U);
    EXPECT_EQ(kernel.did[KernelPath::copy_line], 2 * 11U) << "about 700 bytes, out and back";
    EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 9U : 0U);
  }
}

TEST(LmbenchCalls, AHopOfTheContextSwitchRingIsTwoCallsTwoCopiesTwoWakeUps) {
  for (const KernelBuild build : {uniprocessor, smp}) {
    Lmbench kernel(build);
    unsigned to_next = 0, from_previous_write = 0;
    const auto from_previous =
        static_cast<unsigned>(kernel.calls.pipe(kernel.process, from_previous_write).value);
    const auto next_reads = static_cast<unsigned>(kernel.calls.pipe(kernel.process, to_next).value);
    std::array<std::byte, 4> token{}, room{};
    ReadCall waiting{{ProcessId{2}, room}};
    ASSERT_TRUE(kernel.calls.read(kernel.process, next_reads, waiting).sleeps);
    kernel.did.restart();

    WriteCall write{{ProcessId{1}, token}};
    const CallResult wrote = kernel.calls.write(kernel.process, to_next, write);
    EXPECT_EQ(wrote.wakes, (Wakes{{ProcessId{2}, false}}));
    ReadCall read{{ProcessId{1}, room}};
    EXPECT_TRUE(kernel.calls.read(kernel.process, from_previous, read).sleeps);
    EXPECT_EQ(kernel.calls.resume(waiting).value, 4);

    EXPECT_EQ(kernel.did[KernelPath::system_call], 2U);
    EXPECT_EQ(kernel.did[KernelPath::copy_user], 2U);
    EXPECT_EQ(kernel.did[KernelPath::wake_up], 2U);
    EXPECT_EQ(kernel.did[KernelPath::wake_process], 1U) << "one is effective, one idle";
    EXPECT_EQ(kernel.did[KernelPath::wait_entry], 1U);
    // 9 of the write and 14 of the read; those of schedule() come on top.
    EXPECT_EQ(kernel.did[KernelPath::locked_operation], build.smp ? 23U : 0U);
  }
}

/// As lat_fs: all files in one directory, made, then deleted.
struct LatFs : Lmbench {
  using Lmbench::Lmbench;
  static std::string file(int i) { return "/usr/tmp/lat_fs/" + std::to_string(1000 + i); }
  void create(int i, std::size_t bytes) {
    const auto descriptor = static_cast<unsigned>(calls.creat(process, file(i)).value);
    if (bytes > 0) must(append(descriptor, bytes));
    must(calls.close(process, descriptor));
  }
};

TEST(LmbenchCalls, CreateOfAnEmptyFileIsTwoCallsAndSixBlocksOfOneTransaction) {
  LatFs kernel;
  for (int i = 0; i < 50; ++i) kernel.create(i, 0);
  (void)kernel.files.journal().take_running();
  kernel.did.restart();
  kernel.create(50, 0);
  EXPECT_EQ(kernel.did[KernelPath::system_call], 2U);
  EXPECT_EQ(kernel.files.journal().metadata_blocks(), 6U);
  EXPECT_THAT(kernel.did[KernelPath::journal_access], AllOf(Ge(6U), Le(8U)));
  EXPECT_THAT(kernel.did[KernelPath::journal_dirty], AllOf(Ge(6U), Le(8U)));
  EXPECT_EQ(kernel.did[KernelPath::journal_handle], 1U);
  // The name is looked for in the one block of the directory, then placed there: . and .. and what is before.
  EXPECT_EQ(kernel.did[KernelPath::directory_entry], 2U + 1 + 50);
  EXPECT_EQ(kernel.did[KernelPath::directory_check], 2U + 1 + 50);
  EXPECT_EQ(kernel.did[KernelPath::dentry_create], 1U);
  EXPECT_EQ(kernel.pages.out(), 0U);
}

TEST(LmbenchCalls, CreateOfTenKilobytesTakesThreePagesThreeBlocksAndThreeHandlesMore) {
  LatFs kernel;
  for (int i = 0; i < 50; ++i) kernel.create(i, 10240);
  (void)kernel.files.journal().take_running();
  kernel.did.restart();
  const std::size_t pages = kernel.pages.out();
  kernel.create(50, 10240);
  EXPECT_EQ(kernel.did[KernelPath::system_call], 3U);
  EXPECT_EQ(kernel.pages.out() - pages, 3U);
  EXPECT_EQ(kernel.did[KernelPath::block_allocate], 3U);
  EXPECT_EQ(kernel.did[KernelPath::page_write], 3U);
  EXPECT_EQ(kernel.did[KernelPath::copy_line], 10240U / 64);
  EXPECT_EQ(kernel.did[KernelPath::clear_line], 2048U / 64) << "only the tail is cleared";
  EXPECT_EQ(kernel.did[KernelPath::journal_handle], 1U + 1 + 3) << "create, time of the write, pages";
  EXPECT_EQ(kernel.files.journal().metadata_blocks(), 7U);
  EXPECT_EQ(kernel.files.journal().data_blocks(), 3U);
}

TEST(LmbenchCalls, DeleteIsOneCallAndGivesEverythingBack) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{10240}}) {
    LatFs kernel;
    for (int i = 0; i < 50; ++i) kernel.create(i, bytes);
    (void)kernel.files.journal().take_running();
    kernel.did.restart();
    const std::size_t pages = kernel.pages.out();
    kernel.must(kernel.calls.unlink(kernel.process, LatFs::file(49)));
    EXPECT_EQ(kernel.did[KernelPath::system_call], 1U);
    EXPECT_EQ(kernel.did[KernelPath::journal_handle], 2U);
    EXPECT_EQ(kernel.did[KernelPath::block_free], bytes == 0 ? 0U : 3U);
    EXPECT_EQ(pages - kernel.pages.out(), bytes == 0 ? 0U : 3U);
    EXPECT_EQ(kernel.files.journal().metadata_blocks(), bytes == 0 ? 6U : 7U);
    EXPECT_EQ(kernel.did[KernelPath::inode_destroy], 1U);
    EXPECT_EQ(kernel.files.audit(), "");
  }
}

TEST(LmbenchCalls, OnSmpACreateIsSomeHundredLockedOperations) {
  LatFs kernel(smp);
  for (int i = 0; i < 50; ++i) kernel.create(i, 0);
  kernel.did.restart();
  kernel.create(50, 0);
  EXPECT_THAT(kernel.did[KernelPath::locked_operation], AllOf(Ge(250U), Le(400U)));
}

TEST(LmbenchCalls, ASecondPassOverTheSameNamesFindsThemNegative) {
  LatFs kernel;
  for (int i = 0; i < 50; ++i) kernel.create(i, 0);
  for (int i = 0; i < 50; ++i) kernel.must(kernel.calls.unlink(kernel.process, LatFs::file(i)));
  kernel.did.restart();
  kernel.create(0, 0);
  EXPECT_EQ(kernel.did[KernelPath::dentry_create], 0U);
  EXPECT_EQ(kernel.did[KernelPath::directory_entry], 0U);
  EXPECT_EQ(kernel.did[KernelPath::directory_check], 3U) << "only the search for a gap";
}

}  // namespace
}  // namespace xensim
