/// lat_fs of lmbench 3: files created, then deleted.
#include <fmt/format.h>

#include "workloads/lmbench.hpp"

namespace xensim {
namespace {

using Times = LmbenchTimes;

struct FileParameters : LmbenchParameters {
  FileParameters() { iterations = 1000; }
  Bytes size{};
};
const auto parameters = lmbench_parameters<FileParameters>().add(
    "size", &FileParameters::size, "of each file", "lmbench 3, lat_fs -s",
    {.minimum = Bytes{0}, .maximum = Bytes{65536}});

std::string name(std::int64_t number) { return fmt::format("/usr/tmp/lat_fs/{}", number); }

template <bool creates>
Program files(Self self, const Place& /*place*/, Times& times, const FileParameters& p) {
  for (std::int64_t round = 0; round < times.rounds(); ++round) {
    std::int64_t start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) {
      const std::int64_t descriptor = co_await self.creat(name(i));
      if (p.size.count > 0) co_await self.write(descriptor, static_cast<std::size_t>(p.size.count));
      co_await self.close(descriptor);
    }
    if (creates) times.took(co_await self.clock() - start, times.iterations());
    start = co_await self.clock();
    for (std::int64_t i = 0; i < times.iterations(); ++i) co_await self.unlink(name(i));
    if (!creates) times.took(co_await self.clock() - start, times.iterations());
  }
}

template <auto measure>
using Variant = RegisterWorkload<Lmbench<FileParameters, measure>, FileParameters>;

const Variant<files<true>> a{"lmbench_create", "lat_fs: files created", parameters};
const Variant<files<false>> b{"lmbench_delete", "lat_fs: files deleted", parameters};

}  // namespace
}  // namespace xensim
