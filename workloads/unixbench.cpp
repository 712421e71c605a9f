/// Four of the BYTE UnixBench 3.11, timed as lmbench's are: a pipe's throughput, its mix of system calls, and
/// reads and writes of 1 KB in a file of 2,000. (Its "context1" is lmbench_pipe with four bytes, its "spawn"
/// lmbench_fork.)
#include "workloads/lmbench.hpp"

namespace xensim {
namespace {

using Times = LmbenchTimes;

constexpr std::size_t pipe_bytes = 512, file_bytes = 1024;

struct UnixbenchParameters : LmbenchParameters {
  UnixbenchParameters() { iterations = 2000; }
};
const auto parameters = lmbench_parameters<UnixbenchParameters>();

/// A process writes into a pipe and reads it back.
Program pipe_throughput(Self self, const Place& /*place*/, Times& times, const UnixbenchParameters& /*p*/) {
  Self::PipeEnds ends;
  co_await self.pipe(ends);
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      co_await self.write(ends.write, pipe_bytes);
      co_await self.read(ends.read, pipe_bytes);
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
}

/// dup, close, and getpid, getuid and umask, which are all like getppid; the mean of the five.
Program system_calls(Self self, const Place& /*place*/, Times& times, const UnixbenchParameters& /*p*/) {
  constexpr std::int64_t calls = 5;
  const std::int64_t file = co_await self.open("/dev/null");
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      const std::int64_t copy = co_await self.dup(file);
      co_await self.close(copy);
      for (std::int64_t simple = 2; simple < calls; ++simple) co_await self.getppid();
    }
    times.took(co_await self.clock() - start, calls * times.iterations());
  }
}

/// From the beginning of a file that is in the page cache to its end, over and over.
template <bool writes>
Program pass_file(Self self, const Place& /*place*/, Times& times, const UnixbenchParameters& /*p*/) {
  const std::int64_t file = co_await self.creat("/usr/tmp/fstime");
  for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.write(file, file_bytes);
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    co_await self.lseek(file, 0);
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      if (writes)
        co_await self.write(file, file_bytes);
      else
        co_await self.read(file, file_bytes);
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
}

template <auto measure>
using Variant = RegisterWorkload<Lmbench<UnixbenchParameters, measure>, UnixbenchParameters>;

const Variant<pipe_throughput> a{"unixbench_pipe", "512 bytes into a pipe and out of it, by one process",
                                 parameters};
const Variant<system_calls> b{"unixbench_syscalls", "dup, close, getpid, getuid, umask: their mean",
                              parameters};
const Variant<pass_file<false>> c{"unixbench_read", "read of 1 KB from the page cache", parameters};
const Variant<pass_file<true>> d{"unixbench_write", "write of 1 KB to a file in the page cache", parameters};

}  // namespace
}  // namespace xensim
