/// A memory bomb: allocates and touches more memory than there is, gives it back, and begins again.
#include <algorithm>

#include "models/guest/memory/area.hpp"
#include "workloads/dynamic_loader.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic rounds{"rounds", "rounds", summary, "times the memory bomb gave all its memory back"};
const Statistic touched{"touched", "pages", summary, "pages the memory bomb has written"};
const Statistic restarts{"restarts", "processes", summary, "times it was killed and started again"};

struct MemoryBombParameters {
  Bytes size{std::int64_t{3} << 30};
  Bytes chunk{std::int64_t{1} << 20};
  Time delay{};
};
const auto parameters =
    ParameterTable<MemoryBombParameters>{}
        .add("size", &MemoryBombParameters::size,
             "that it tries to touch; what the address space or the kernel refuse, it does without",
             "Barham et al., SOSP 2003, section 4.4: 3 GB",
             {.minimum = Bytes{1 << 20}, .maximum = Bytes{std::int64_t{3} << 30}})
        .add("chunk", &MemoryBombParameters::chunk, "that it allocates at a time", "choice",
             {.minimum = Bytes{4096}, .maximum = Bytes{std::int64_t{256} << 20}})
        .add("delay", &MemoryBombParameters::delay,
             "before it allocates for the first time, as others that begin earlier keep what they have by "
             "then",
             "choice: the paper does not say in which order its bombs begin", {.minimum = 0s});

class MemoryBomb final : public Workload {
 public:
  MemoryBomb(const MemoryBombParameters& p, const WorkloadContext& context)
      : parameters_(p), costs_(context.calibration) {}

  std::vector<Program> programs(std::uint32_t /*instance*/, RandomStream& /*random*/) override {
    std::vector<Program> all;
    all.push_back(small_program("/bin/memory_bomb", costs_,
                                [this](Self self, const Place& place) { return watch(self, place, *this); }));
    return all;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override {
    sink.value(prefix, rounds, static_cast<double>(rounds_));
    sink.value(prefix, touched, static_cast<double>(touched_));
    sink.value(prefix, restarts, static_cast<double>(restarts_));
  }

 private:
  /// What is killed is started again.
  static Program watch(Self self, Place /*place*/, MemoryBomb& bomb) {
    const Self::Body child = [&bomb](Self born) { return explode(born, bomb); };
    if (bomb.parameters_.delay > Time{}) co_yield Sleep{bomb.parameters_.delay};
    for (bool killed = false;;) {
      const std::int64_t born = co_await self.fork(child);
      if (born < 0) continue;
      if (killed) ++bomb.restarts_;
      co_await self.wait();
      killed = true;
    }
  }

  static Program explode(Self self, MemoryBomb& bomb) {
    const auto size = static_cast<std::uint32_t>(bomb.parameters_.chunk.count / page_size * page_size);
    const std::int64_t chunks = bomb.parameters_.size.count / size;
    const Self::MapRequest request{.length = size, .flags = AreaFlags::read | AreaFlags::write};
    const Address heap{static_cast<std::uint32_t>(co_await self.brk({}))};
    for (;;) {
      std::vector<Address> held;
      std::uint32_t heap_end = heap.value;
      for (std::int64_t i = 0; i < chunks; ++i) {
        Address place{static_cast<std::uint32_t>(co_await self.mmap(request))};
        if (place.value >= 0xC0000000) {  // refused; malloc tries the heap then
          const std::int64_t end = co_await self.brk({heap_end + size});
          if (end < std::int64_t{heap_end} + size) break;
          place = {heap_end};
          heap_end += size;
        } else {
          held.push_back(place);
        }
        co_await self.touch(place, size / page_size, Access::write);
        bomb.touched_ += size / page_size;
      }
      for (const Address place : held) co_await self.munmap(place, size);
      co_await self.brk(heap);
      ++bomb.rounds_;
    }
  }

  MemoryBombParameters parameters_;
  ProgramCosts costs_;
  std::int64_t rounds_ = 0, touched_ = 0, restarts_ = 0;
};

const RegisterWorkload<MemoryBomb, MemoryBombParameters> registered{
    "memory_bomb", "touches 3 GB, gives them back, begins again", parameters};

}  // namespace
}  // namespace xensim
