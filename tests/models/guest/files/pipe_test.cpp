#include "models/guest/files/pipe.hpp"

#include <rapidcheck.h>

#include <deque>
#include <numeric>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

constexpr ProcessId reader{1}, writer{2}, other{3};

struct PipeTest : testing::Test {
  PipeTest() {
    pipe.open(Pipe::End::read);
    pipe.open(Pipe::End::write);
  }
  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext context{work, {}};
  Pipe pipe{context};
  Counting did{work};
  std::vector<std::byte> room = std::vector<std::byte>(16384);
  ReadRequest reading(std::size_t bytes, ProcessId process = reader) {
    return {process, std::span(room).first(bytes)};
  }
  WriteRequest writing(std::size_t bytes, ProcessId process = writer) {
    return {process, std::span(room).first(bytes)};
  }
};

TEST_F(PipeTest, AReaderOfAnEmptyPipeSleepsUntilAWriterWakesIt) {
  ReadRequest read = reading(4);
  const CallResult sleeping = pipe.read(read, false);
  EXPECT_TRUE(sleeping.sleeps);
  EXPECT_TRUE(pipe.queue().sleeps(reader));

  WriteRequest write = writing(4);
  const CallResult wrote = pipe.write(write, false);
  EXPECT_EQ(wrote.value, 4);
  EXPECT_EQ(wrote.wakes, (Wakes{{reader, false}})) << "the writer goes on: others may be preempted for this";

  const CallResult done = pipe.read(read, false);
  EXPECT_TRUE(done.ok());
  EXPECT_EQ(done.value, 4);
  EXPECT_TRUE(done.wakes.empty());
  EXPECT_TRUE(pipe.queue().empty());
}

TEST_F(PipeTest, ATokenIsOneCopyInAndOneOutWithOneEffectiveAndOneIdleWakeUp) {
  ReadRequest read = reading(4);
  (void)pipe.read(read, false);
  WriteRequest write = writing(4);
  (void)pipe.write(write, false);
  (void)pipe.read(read, false);
  EXPECT_EQ(did[KernelPath::copy_user], 2U);
  EXPECT_EQ(did[KernelPath::wake_up], 2U);
  EXPECT_EQ(did[KernelPath::wake_process], 1U);
  EXPECT_EQ(did[KernelPath::wait_entry], 1U);
}

/// What the kernel finds by translations.
struct Found final : KernelMemory {
  void kernel_access(PageNumber page, Access access) override { all.emplace_back(page, access); }
  std::vector<std::pair<PageNumber, Access>> all;
};

TEST_F(PipeTest, EachCallFindsDentryAndInodeAndEachCopyTheRingsPage) {
  PageAllocator memory(context, 64, 64, 1);
  PipePages rings(memory);
  const std::uint32_t before = memory.free_pages();
  const PageNumber page = rings.take().value();
  Pipe ring(context, &rings, page);
  ring.open(Pipe::End::read);
  ring.open(Pipe::End::write);
  Found found;
  work.on(nullptr, &found);
  WriteRequest write = writing(4);
  (void)ring.write(write, false);
  ReadRequest read = reading(4);
  (void)ring.read(read, false);
  const PageNumber dentry = object_page(KernelObject::name, page.value),
                   inode = object_page(KernelObject::inode, page.value);
  EXPECT_EQ(found.all, (std::vector<std::pair<PageNumber, Access>>{{dentry, Access::read},
                                                                   {inode, Access::read},
                                                                   {page, Access::write},
                                                                   {dentry, Access::read},
                                                                   {inode, Access::read},
                                                                   {page, Access::read}}));
  Wakes wakes;
  ring.close(Pipe::End::read, wakes);
  EXPECT_EQ(memory.free_pages(), before - 1);
  ring.close(Pipe::End::write, wakes);
  EXPECT_EQ(memory.free_pages(), before);
}

TEST_F(PipeTest, AWriteOfUpToAPageWaitsUntilAllOfItFits) {
  WriteRequest first = writing(4000);
  EXPECT_EQ(pipe.write(first, false).value, 4000);
  WriteRequest second = writing(97);
  EXPECT_TRUE(pipe.write(second, false).sleeps);
  EXPECT_EQ(pipe.length(), 4000U) << "nothing of it is in";
  ReadRequest read = reading(1);
  EXPECT_EQ(pipe.read(read, false).wakes, (Wakes{{writer, false}}));
  EXPECT_EQ(pipe.write(second, false).value, 97);
}

TEST_F(PipeTest, ALongWriteFillsThePipeAndWakesTheReaderBeforeItSleeps) {
  ReadRequest read = reading(8192);
  ASSERT_TRUE(pipe.read(read, false).sleeps);
  WriteRequest write = writing(10000);
  CallResult result = pipe.write(write, false);
  EXPECT_TRUE(result.sleeps);
  EXPECT_EQ(result.wakes, (Wakes{{reader, true}})) << "it is about to sleep";
  EXPECT_EQ(pipe.length(), Pipe::capacity);

  result = pipe.read(read, false);
  EXPECT_TRUE(result.sleeps) << "it wants more, and somebody wants to give more";
  EXPECT_EQ(result.wakes, (Wakes{{writer, true}}));
  result = pipe.write(write, false);
  EXPECT_TRUE(result.sleeps);
  EXPECT_EQ(result.wakes, (Wakes{{reader, true}}));
  result = pipe.read(read, false);
  EXPECT_EQ(result.value, 8192);
  EXPECT_EQ(result.wakes, (Wakes{{writer, false}}));
  result = pipe.write(write, false);
  EXPECT_EQ(result.value, 10000);
  EXPECT_EQ(pipe.length(), 10000U - 8192U);
}

TEST_F(PipeTest, AReadReturnsWhatThereIsWhenNoWriterWaits) {
  WriteRequest write = writing(10);
  ASSERT_TRUE(pipe.write(write, false).ok());
  ReadRequest read = reading(100);
  EXPECT_EQ(pipe.read(read, false).value, 10);
}

TEST_F(PipeTest, EndOfFileAndBrokenPipeComeWhenTheOtherSideHasGone) {
  ReadRequest read = reading(1);
  ASSERT_TRUE(pipe.read(read, false).sleeps);
  Wakes wakes;
  pipe.close(Pipe::End::write, wakes);
  EXPECT_EQ(wakes, (Wakes{{reader, false}}));
  const CallResult end = pipe.read(read, false);
  EXPECT_TRUE(end.ok());
  EXPECT_EQ(end.value, 0);

  pipe.open(Pipe::End::write);
  pipe.close(Pipe::End::read, wakes);
  WriteRequest write = writing(1);
  EXPECT_EQ(pipe.write(write, false).error, CallError::broken_pipe);
}

TEST_F(PipeTest, NonblockingCallsFailInsteadOfSleeping) {
  ReadRequest read = reading(1);
  EXPECT_EQ(pipe.read(read, true).error, CallError::try_again);
  WriteRequest fill = writing(5000);
  EXPECT_EQ(pipe.write(fill, true).value, 4096);
  WriteRequest more = writing(1);
  EXPECT_EQ(pipe.write(more, true).error, CallError::try_again);
  EXPECT_TRUE(pipe.queue().empty());
}

TEST_F(PipeTest, ASignalEndsASleepingRead) {
  ReadRequest read = reading(1);
  ASSERT_TRUE(pipe.read(read, false).sleeps);
  read.progress.interrupted = true;
  EXPECT_EQ(pipe.read(read, false).error, CallError::restart);
  EXPECT_TRUE(pipe.queue().empty());
}

TEST_F(PipeTest, PollsAsWritableOnlyWhenEmpty) {
  EXPECT_EQ(pipe.poll(Pipe::End::write, nullptr), (Readiness{.writable = true}));
  EXPECT_EQ(pipe.poll(Pipe::End::read, nullptr), Readiness{});
  WriteRequest write = writing(1);
  ASSERT_TRUE(pipe.write(write, false).ok());
  EXPECT_EQ(pipe.poll(Pipe::End::write, nullptr), Readiness{});
  EXPECT_EQ(pipe.poll(Pipe::End::read, nullptr), (Readiness{.readable = true}));
}

TEST_F(PipeTest, AllWaitersAreWokenTheLatestFirst) {
  ReadRequest first = reading(1, reader), second = reading(1, other);
  ASSERT_TRUE(pipe.read(first, false).sleeps);
  ASSERT_TRUE(pipe.read(second, false).sleeps);
  WriteRequest write = writing(1);
  EXPECT_EQ(pipe.write(write, false).wakes, (Wakes{{other, false}, {reader, false}}));
  EXPECT_EQ(pipe.read(second, false).value, 1);
  EXPECT_TRUE(pipe.read(first, false).sleeps) << "it found nothing and sleeps again";
}

TEST_F(PipeTest, OnSmpATokenTakesItsLocks) {
  context.build.smp = true;
  ReadRequest read = reading(4);
  (void)pipe.read(read, false);
  WriteRequest write = writing(4);
  (void)pipe.write(write, false);
  (void)pipe.read(read, false);
  // Write: semaphore 2, queue 1, run queue 1. Read: semaphore 4, queue in and out 2, state 2, wake-up 1.
  EXPECT_EQ(did[KernelPath::locked_operation], 4U + 9U);
}

TEST(PipeProperty, BytesComeOutInOrderAndNoWakeUpIsLost) {
  EXPECT_TRUE(rc::check([] {
    KernelPathCosts costs{};
    KernelWork work(costs);
    const KernelContext context{work, {}};
    Pipe pipe(context);
    pipe.open(Pipe::End::read);
    pipe.open(Pipe::End::write);
    const auto size =
        rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 64), rc::gen::inRange<std::size_t>(1, 12000));
    const auto writes = *rc::gen::container<std::vector<std::size_t>>(size);
    const auto reads = *rc::gen::container<std::vector<std::size_t>>(size);
    const auto choices = *rc::gen::container<std::vector<bool>>(200, rc::gen::arbitrary<bool>());
    const std::size_t total = std::accumulate(writes.begin(), writes.end(), std::size_t{0});
    std::vector<std::byte> source(total), sink;
    for (std::size_t i = 0; i < total; ++i) source[i] = static_cast<std::byte>(i * 31 + i / 251);

    // A scheduler that takes any of the two that is runnable; each makes its calls one after the other.
    struct Side {
      std::vector<std::size_t> sizes;
      std::size_t next = 0;
      bool runnable = true, sleeping = false;
      [[nodiscard]] bool finished() const { return !sleeping && next == sizes.size(); }
    };
    Side in{writes}, out{reads};
    std::size_t written = 0;
    WriteRequest write{writer, {}};
    ReadRequest read{reader, {}};
    std::vector<std::byte> room(12000);
    const auto wake = [&](const Wakes& wakes) {
      for (const Wake& woken : wakes) (woken.process == writer ? in : out).runnable = true;
    };
    for (std::size_t step = 0;; ++step) {
      const bool can_write = in.runnable && !in.finished(), can_read = out.runnable && !out.finished();
      if (!can_write && !can_read) break;
      const bool writes_now = can_write && (!can_read || choices[step % choices.size()]);
      Side& side = writes_now ? in : out;
      if (!side.sleeping) {
        if (writes_now) write = {writer, std::span(source).subspan(written, side.sizes[side.next])};
        if (!writes_now) read = {reader, std::span(room).first(side.sizes[side.next])};
        ++side.next;
      }
      const CallResult result = writes_now ? pipe.write(write, false) : pipe.read(read, false);
      side.sleeping = result.sleeps;
      side.runnable = !result.sleeps;
      wake(result.wakes);
      if (!result.sleeps && writes_now) written += static_cast<std::size_t>(result.value);
      if (!result.sleeps && !writes_now) sink.insert(sink.end(), room.begin(), room.begin() + result.value);
      RC_ASSERT(pipe.audit().empty());
    }
    // Who still sleeps could not go on: a reader with nothing to read, a writer without room.
    if (out.sleeping) RC_ASSERT(pipe.length() == 0U);
    if (in.sleeping) RC_ASSERT(pipe.length() > 0U);
    RC_ASSERT(std::equal(sink.begin(), sink.end(), source.begin()));
    const std::size_t partly_read = out.sleeping ? read.progress.done : 0;
    const std::size_t partly_written = in.sleeping ? write.progress.done : 0;
    RC_ASSERT(sink.size() + partly_read + pipe.length() == written + partly_written);
  }));
}

}  // namespace
}  // namespace xensim
