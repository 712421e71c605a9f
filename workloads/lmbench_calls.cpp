/// lat_syscall, lat_select and lat_sig of lmbench 3: Table 3 but for its last three columns.
#include "models/guest/memory/area.hpp"
#include "workloads/lmbench.hpp"

namespace xensim {
namespace {

using Times = LmbenchTimes;
using Parameters = LmbenchParameters;

const auto parameters = lmbench_parameters<Parameters>();
constexpr const char* file = "/usr/tmp/lat_fs/lmbench";

Program null_call(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.getppid();
    times.took(co_await self.clock() - start, times.iterations());
  }
}

Program null_io(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  const std::int64_t zero = co_await self.open("/dev/zero");
  const std::int64_t null = co_await self.open("/dev/null");
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      co_await self.read(zero, 1);
      co_await self.write(null, 1);
    }
    times.took(co_await self.clock() - start, 2 * times.iterations());
  }
}

Program stat(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.stat(file);
    times.took(co_await self.clock() - start, times.iterations());
  }
}

Program open_close(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      const std::int64_t descriptor = co_await self.open(file);
      co_await self.close(descriptor);
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
}

/// 100 duplicates of one descriptor as the write set; those numbered from 100 on are not examined.
Program select_100(Self self, std::int64_t original, Times& times) {
  SelectSets sets;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t duplicate = co_await self.dup(original);
    sets.write.set(static_cast<std::size_t>(duplicate));
  }
  co_await self.close(original);
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.select(100, sets);
    times.took(co_await self.clock() - start, times.iterations());
  }
}

Program select_tcp(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  for (int i = 0; i < 4; ++i) co_await self.open("/dev/null");  // standard ones and the harness's
  const std::int64_t original = co_await self.socket();
  const Self::Body select = [original, &times](Self again) { return select_100(again, original, times); };
  co_await self.jump(select);
}

Program signal_install(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      co_await self.sigaction(signal_number::user1, {.kind = SignalAction::Kind::handler});
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
}

/// Signals caught, less those only checked.
Program signal_handle(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  co_await self.use_fpu();  // the harness computes in floating point
  co_await self.sigaction(signal_number::user1, {.kind = SignalAction::Kind::handler});
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.kill(signal_number::user1);
    times.took(co_await self.clock() - start, times.iterations());
    start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.kill(0);
    times.overhead(co_await self.clock() - start, times.iterations());
  }
}

/// Writes to a page that may only be read, each caught; less a signal caught as above.
Program protection_fault(Self self, const Place& /*place*/, Times& times, const Parameters& /*p*/) {
  co_await self.use_fpu();
  const SignalAction caught{.kind = SignalAction::Kind::handler};
  co_await self.sigaction(signal_number::segmentation_fault, caught);
  co_await self.sigaction(signal_number::user1, caught);
  const std::int64_t descriptor = co_await self.open(file);
  const std::int64_t mapped = co_await self.mmap(
      {.length = page_size, .flags = AreaFlags::read | AreaFlags::shared, .file = descriptor});
  const Address page{static_cast<std::uint32_t>(mapped)};
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.touch(page, 1, Access::write);
    times.took(co_await self.clock() - start, times.iterations());
    start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.kill(signal_number::user1);
    const std::int64_t handled = co_await self.clock() - start;
    start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.kill(0);
    times.overhead(handled - (co_await self.clock() - start), times.iterations());
  }
}

template <auto measure>
using Variant = RegisterWorkload<Lmbench<Parameters, measure>, Parameters>;

const Variant<null_call> a{"lmbench_null_call", "lat_syscall null: getppid", parameters};
const Variant<null_io> b{"lmbench_null_io", "lat_syscall read and write: their mean", parameters};
const Variant<stat> c{"lmbench_stat", "lat_syscall stat", parameters};
const Variant<open_close> d{"lmbench_open_close", "lat_syscall open", parameters};
const Variant<select_tcp> e{"lmbench_select_tcp", "lat_select -n 100 tcp", parameters};
const Variant<signal_install> f{"lmbench_signal_install", "lat_sig install", parameters};
const Variant<signal_handle> g{"lmbench_signal_handle", "lat_sig catch", parameters};
const Variant<protection_fault> h{"lmbench_protection_fault", "lat_sig prot", parameters};

}  // namespace
}  // namespace xensim
