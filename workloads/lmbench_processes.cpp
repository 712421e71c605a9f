/// lat_proc and lat_ctx of lmbench 3: processes made, replaced, ended, and switched between.
#include <algorithm>
#include <array>

#include "workloads/lmbench.hpp"

namespace xensim {
namespace {

using Times = LmbenchTimes;

struct ProcessParameters : LmbenchParameters {
  ProcessParameters() { iterations = 20; }
};
const auto process_parameters = lmbench_parameters<ProcessParameters>();

constexpr std::uint32_t exit_lines = 60;  ///< of code, from exit(3) to the system call

Program end(Self self, Place place) {
  co_await self.run(place.libc_text, exit_lines, place.costs->leave());
  co_await place.clean_up(self);
}

/// What a parent writes between a fork and the next.
Call go_on(Self self, const Place& place) {
  return self.touch({place.stack, place.bss, place.libc_data}, Access::write);
}

/// Forks `child` and waits for it, over and over.
Program fork_and_wait(Self self, Place place, Times& times, Self::Body child) {
  for (int i = 0; i < 3; ++i) co_await self.open("/dev/null");  // standard ones
  std::array<Self::PipeEnds, 4> harness;
  for (Self::PipeEnds& ends : harness) co_await self.pipe(ends);
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      co_await self.fork(child);
      co_await go_on(self, place);
      co_await self.wait();
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
}

Program fork_exit(Self self, const Place& place, Times& times, const ProcessParameters& /*p*/) {
  return fork_and_wait(self, place, times, [place](Self born) { return end(born, place); });
}

/// Writes a greeting, to a descriptor that is closed.
Program hello(Self self, const Place& place) {
  const Place at = place;
  co_await self.write(1, 12);
  const Self::Body ends = [at](Self last) { return end(last, at); };
  co_await self.jump(ends);
}

const ProgramImage greeting_image{.path = "/bin/hello"};

Self::Body greeting(const Place& place) {
  const LoadedBody main = hello;
  return dynamic_loader(greeting_image, typical_image, *place.costs, main);
}

Program exec_hello(Self self, Place place) {
  co_await self.touch(place.stack, 1, Access::write);
  co_await self.touch(place.data, 1, Access::write);
  co_await self.close(1);
  const Self::Body program = greeting(place);
  co_await self.exec(greeting_image, program);
}

Program fork_exec(Self self, const Place& place, Times& times, const ProcessParameters& /*p*/) {
  return fork_and_wait(self, place, times, [place](Self born) { return exec_hello(born, place); });
}

/// bash 2.05: some 250 pages are touched, 25 of them heap.
const ProgramImage shell_image{.path = "/bin/sh", .text = 118, .data = 6, .bss = 5};
constexpr ImageUse shell_use{
    .text = 75, .data = 6, .bss = 5, .libc_text = 80, .stack = 7, .small_libraries = 2};
constexpr std::uint32_t shell_heap = 25, shell_lines = 1500;

/// A shell that is to run one command: sets itself up, finds the command, and becomes it.
Program shell(Self self, const Place& place) {
  const Place at = place;
  const std::int64_t heap = co_await self.brk({});
  const Address begin = page_ceiling({static_cast<std::uint32_t>(heap)});
  co_await self.brk({begin.value + shell_heap * page_size});
  co_await self.touch(begin, shell_heap, Access::write);
  for (int i = 0; i < 14; ++i) co_await self.getppid();  // identities, limits, time, signal masks
  for (int i = 0; i < 3; ++i) co_await self.open("/usr/lib/locale");  // is not there
  co_await self.stat("/usr/tmp");
  for (SignalNumber signal = 1; signal <= 20; ++signal) {
    if (signal != signal_number::kill && signal != signal_number::stop) {
      co_await self.sigaction(signal, {.kind = SignalAction::Kind::handler});
    }
  }
  co_await self.run(at.text, shell_lines, at.costs->run_shell());
  for (SignalNumber signal = 1; signal <= 6; ++signal) co_await self.sigaction(signal, {});
  co_await self.stat("/bin/hello");
  const Self::Body program = greeting(at);
  co_await self.exec(greeting_image, program);
}

Program exec_shell(Self self, Place place) {
  co_await self.touch(place.stack, 1, Access::write);
  co_await self.touch(place.data, 1, Access::write);
  co_await self.close(1);
  const LoadedBody main = shell;
  const Self::Body body = dynamic_loader(shell_image, shell_use, *place.costs, main);
  co_await self.exec(shell_image, body);
}

Program fork_shell(Self self, const Place& place, Times& times, const ProcessParameters& /*p*/) {
  return fork_and_wait(self, place, times, [place](Self born) { return exec_shell(born, place); });
}

struct SwitchParameters : LmbenchParameters {
  SwitchParameters() { iterations = 1; }
  Time interval = 20ms;
  std::int64_t processes = 2;
  Bytes array{};
};
const auto switch_parameters =
    lmbench_parameters<SwitchParameters>()
        .add(
            "interval", &SwitchParameters::interval,
            "least time of an interval that is timed: more operations are put into it until it takes so long",
            "lmbench 3.0-a4, lib_timing.c: 5 ms to 1 s, by how good the clock is; two ticks: choice",
            {.minimum = Time{}, .maximum = 1s})
        .add("processes", &SwitchParameters::processes, "in a ring of pipes", "lmbench 3, lat_ctx",
             {.minimum = 2, .maximum = 100})
        .add("array", &SwitchParameters::array, "that each process reads before it passes the token on",
             "lmbench 3, lat_ctx -s", {.minimum = Bytes{0}, .maximum = Bytes{std::int64_t{4} << 20}});

constexpr std::size_t token = 4;
constexpr Time shortest_interval = 5ms;  ///< with a clock as good as a counter of cycles

struct Ring : LoopPages {
  std::vector<Self::PipeEnds> pipes;
  Address array;
  Bytes size;
};

Program pass_on(Self self, const Ring& ring, std::size_t number) {
  if (ring.size.count > 0) {
    co_await self.touch(ring.array, static_cast<std::uint32_t>(ring.size.count / page_size), Access::write);
  }
  const std::int64_t in = ring.pipes[number].read;
  const std::int64_t out = ring.pipes[(number + 1) % ring.pipes.size()].write;
  for (;;) {
    co_await self.read(in, token);
    co_await ring.code(self);
    co_await ring.data(self);
    co_await self.sum(ring.array, ring.size);
    co_await self.write(out, token);
  }
}

Program make_ring(Self self, Ring& ring) {
  for (Self::PipeEnds& ends : ring.pipes) co_await self.pipe(ends);
  if (ring.size.count == 0) co_return;
  const auto bytes = static_cast<std::uint32_t>(ring.size.count);
  const std::int64_t array =
      co_await self.mmap({.length = bytes, .flags = AreaFlags::read | AreaFlags::write});
  ring.array = {static_cast<std::uint32_t>(array)};
  co_await self.touch(ring.array, bytes / page_size, Access::write);
}

/// The same without switches: one process passes the token to itself. What it takes does not depend on time
/// slices, so that the shortest interval will do.
Program time_alone(Self self, const Ring& ring, Times& times, const SwitchParameters& p) {
  EnoughOperations alone(times.iterations(), std::min(p.interval, shortest_interval));
  for (std::int64_t round = 0; round < times.rounds();) {
    const std::int64_t hops = alone.count() * p.processes;
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < hops; ++i) {
      const Self::PipeEnds& ends = ring.pipes[static_cast<std::size_t>(i % p.processes)];
      co_await self.write(ends.write, token);
      co_await self.read(ends.read, token);
      co_await ring.code(self);
      co_await ring.data(self);
      co_await self.sum(ring.array, ring.size);
    }
    const std::int64_t took = co_await self.clock() - start;
    if (!alone.were_enough(took)) continue;
    times.overhead(took, hops);
    ++round;
  }
}

Program time_laps(Self self, const Ring& ring, Times& times, const SwitchParameters& p) {
  for (std::size_t i = 1; i < ring.pipes.size(); ++i) {
    const Self::Body member = [&ring, i](Self born) { return pass_on(born, ring, i); };
    co_await self.fork(member);
  }
  EnoughOperations laps(times.iterations(), p.interval);
  for (std::int64_t round = 0; round < times.rounds();) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < laps.count(); ++i) {
      co_await self.write(ring.pipes[1].write, token);
      co_await self.read(ring.pipes[0].read, token);
      co_await ring.code(self);
      co_await ring.data(self);
      co_await self.sum(ring.array, ring.size);
    }
    const std::int64_t took = co_await self.clock() - start;
    if (!laps.were_enough(took)) continue;
    times.took(took, laps.count() * p.processes);
    ++round;
  }
}

Program context_switch(Self self, const Place& at, Times& times, const SwitchParameters& p) {
  Ring ring{{at}, std::vector<Self::PipeEnds>(static_cast<std::size_t>(p.processes)), {}, p.array};
  co_await make_ring(self, ring);
  co_await time_alone(self, ring, times, p);
  co_await time_laps(self, ring, times, p);
  co_await self.wait_for_good();  // the ring lives in this program
}

template <class Parameters, auto measure>
using Variant = RegisterWorkload<Lmbench<Parameters, measure>, Parameters>;

const Variant<ProcessParameters, fork_exit> a{"lmbench_fork", "lat_proc fork: fork, exit, wait",
                                              process_parameters};
const Variant<ProcessParameters, fork_exec> b{"lmbench_exec", "lat_proc exec: fork, exec of a small program",
                                              process_parameters};
const Variant<ProcessParameters, fork_shell> d{
    "lmbench_shell", "lat_proc shell: fork, exec of a shell that runs a small program", process_parameters};
const Variant<SwitchParameters, context_switch> c{"lmbench_context_switch", "lat_ctx: a token around a ring",
                                                  switch_parameters};

}  // namespace
}  // namespace xensim
