/// lat_mmap and lat_pagefault of lmbench 3.
#include <numeric>

#include "core/random.hpp"
#include "models/guest/memory/area.hpp"
#include "workloads/lmbench.hpp"

namespace xensim {
namespace {

using Times = LmbenchTimes;

struct MemoryParameters : LmbenchParameters {
  MemoryParameters() { iterations = 5; }
  Bytes size{std::int64_t{8} << 20};
};
const auto parameters = lmbench_parameters<MemoryParameters>().add(
    "size", &MemoryParameters::size, "of the file", "lmbench 3.0-a3: MB, 8 unless configured",
    {.minimum = Bytes{1 << 20}, .maximum = Bytes{1 << 26}});

constexpr const char* file = "/usr/tmp/lat_fs/mapped";

/// Maps it shared, writes a byte every 16 KB of the first tenth, unmaps it.
Program map(Self self, const Place& /*place*/, Times& times, const MemoryParameters& p) {
  const auto size = static_cast<std::uint32_t>(p.size.count);
  constexpr std::uint32_t stride = 16 << 10;
  const std::uint32_t touched = (size / 10 + stride - 1) / stride;
  const std::int64_t descriptor = co_await self.creat(file);
  for (std::uint32_t done = 0; done < size; done += 65536) co_await self.write(descriptor, 65536);
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    const std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      const std::int64_t mapped =
          co_await self.mmap({.length = size,
                              .flags = AreaFlags::read | AreaFlags::write | AreaFlags::shared,
                              .file = descriptor});
      const Address begin{static_cast<std::uint32_t>(mapped)};
      co_await self.touch(begin, touched, Access::write, stride);
      co_await self.munmap(begin, size);
    }
    times.took(co_await self.clock() - start, times.iterations());
  }
}

/// Maps it, reads every page once in random order, unmaps it; less the same without reading.
Program page_fault(Self self, const Place& /*place*/, Times& times, const MemoryParameters& p) {
  const auto size = static_cast<std::uint32_t>(p.size.count);
  const std::uint32_t pages = size / page_size;
  const std::int64_t descriptor = co_await self.creat(file);
  for (std::uint32_t done = 0; done < size; done += 65536) co_await self.write(descriptor, 65536);
  const Self::MapRequest request{
      .length = size, .flags = AreaFlags::read | AreaFlags::shared, .file = descriptor};
  const std::int64_t operations = times.iterations() * pages;
  RandomStream random(1, "lmbench");
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      const std::int64_t mapped = co_await self.mmap(request);
      const Address begin{static_cast<std::uint32_t>(mapped)};
      std::vector<Address> order;
      for (std::uint32_t page = 0; page < pages; ++page) {
        order.push_back({begin.value + page * page_size});
        std::swap(order[page], order[static_cast<std::size_t>(random.between(Time{0}, Time{page}).count())]);
      }
      co_await self.touch(order, Access::read);
      co_await self.munmap(begin, size);
    }
    times.took(co_await self.clock() - start, operations);
    start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      const std::int64_t mapped = co_await self.mmap(request);
      co_await self.munmap({static_cast<std::uint32_t>(mapped)}, size);
    }
    times.overhead(co_await self.clock() - start, operations);
  }
}

template <auto measure>
using Variant = RegisterWorkload<Lmbench<MemoryParameters, measure>, MemoryParameters>;

const Variant<map> a{"lmbench_mmap", "lat_mmap", parameters};
const Variant<page_fault> b{"lmbench_page_fault", "lat_pagefault", parameters};

}  // namespace
}  // namespace xensim
