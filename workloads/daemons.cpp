/// Background processes of a Linux installation, with the memory they keep: each wakes now and then and looks
/// at some of it.
#include <vector>

#include "models/guest/memory/area.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

struct DaemonParameters {
  std::int64_t processes = 20;
  Bytes heap{std::int64_t{100} << 10};
  Time interval = 30s;
};
const auto parameters =
    ParameterTable<DaemonParameters>{}
        .add("processes", &DaemonParameters::processes,
             "init, syslogd, klogd, portmap, rpc.statd, apmd, sshd, xinetd, sendmail, gpm, crond, xfs, atd "
             "and terminals",
             "RedHat 7.2 as it is installed by default: 18 to 24", {.minimum = 1, .maximum = 1000})
        .add("heap", &DaemonParameters::heap, "that each has written, besides a typical program's data",
             "choice: between a terminal's few pages and sendmail's half megabyte",
             {.minimum = Bytes{4096}, .maximum = Bytes{64 << 20}})
        .add("interval", &DaemonParameters::interval, "mean time from one look around to the next",
             "choice: 1 s to minutes", {.minimum = 10ms, .maximum = 1h});

class Daemons final : public Workload {
 public:
  Daemons(const DaemonParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& random) override {
    std::vector<Program> all;
    for (std::int64_t i = 0; i < parameters_.processes; ++i) {
      const std::uint64_t seed = random.next();
      all.push_back(small_program("/bin/daemon", costs_, [this, seed](Self self, const Place& place) {
        return look_around(self, place, parameters_, seed);
      }));
    }
    return all;
  }

 private:
  static Program look_around(Self self, Place place, DaemonParameters keeps, std::uint64_t seed) {
    RandomStream random(seed, "daemon");
    const auto pages = static_cast<std::uint32_t>((keeps.heap.count + page_size - 1) / page_size);
    const Self::MapRequest request{.length = pages * page_size, .flags = AreaFlags::read | AreaFlags::write};
    const Address heap{static_cast<std::uint32_t>(co_await self.mmap(request))};
    co_await self.touch(heap, pages, Access::write);
    const std::vector<Address> often{place.stack, place.data, heap};
    for (;;) {
      const Time rest = random.between(Time{}, keeps.interval * 2);
      co_yield Sleep{rest};
      co_await self.touch(often, Access::write);
    }
  }

  DaemonParameters parameters_;
  ProgramCosts costs_;
};

const RegisterWorkload<Daemons, DaemonParameters> registered{
    "daemons", "processes that keep memory and seldom use it", parameters};

}  // namespace
}  // namespace xensim
