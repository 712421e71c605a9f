/// Whatever the processes of two domains do with their memory, programs cannot tell the monitor from bare
/// hardware, and the monitor's books stay right.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <map>

#include "tests/models/guest/memory/memory_fixture.hpp"
#include "tests/models/host/xen/xen_memory_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t file_pages = 8;
/// Pages that mappings may lie in, on both sides of the boundary between two tables.
constexpr std::uint32_t first_page = 0x403f8, window = 16;

/// One step; each number is reduced to what makes sense.
struct PagingStep {
  std::uint8_t kind = 0, domain = 0, page = 0, length = 0, detail = 0;
};

}  // namespace
}  // namespace xensim

namespace rc {
template <>
struct Arbitrary<xensim::PagingStep> {
  static Gen<xensim::PagingStep> arbitrary() {
    using xensim::PagingStep;
    return gen::build<PagingStep>(gen::set(&PagingStep::kind, gen::arbitrary<std::uint8_t>()),
                                  gen::set(&PagingStep::domain, gen::inRange<std::uint8_t>(0, 8)),
                                  gen::set(&PagingStep::page, gen::inRange<std::uint8_t>(0, xensim::window)),
                                  gen::set(&PagingStep::length, gen::inRange<std::uint8_t>(1, 7)),
                                  gen::set(&PagingStep::detail, gen::arbitrary<std::uint8_t>()));
  }
};
}  // namespace rc

namespace xensim {
namespace {

/// A domain and, beside it, a bare machine that does the same.
class Twins {
 public:
  Twins(MonitoredMemory& host, std::uint32_t id, std::size_t queue_length)
      : host_(host), guest_(host, id, 1024, queue_length), bare_({}, 1024) {
    guest_file_ = guest_.file(file_pages);
    bare_file_ = bare_.file(file_pages);
    processes_.push_back({AddressSpace::create(guest_.guest), AddressSpace::create(bare_.guest)});
    run(0);
  }
  ~Twins() { forget(); }

  void apply(const PagingStep& step) {
    if (host_.running != &guest_.domain) run(current_);
    const std::uint32_t end = std::min(first_page + step.page + step.length, first_page + window);
    const Address start{(first_page + step.page) << 12};
    const std::uint32_t length = (end << 12) - start.value;
    switch (step.kind % 12) {
      case 0:
      case 1:
        map(step, start, length);
        break;
      case 2:
        same([&](AddressSpace& space) { return space.unmap(start, length); });
        break;
      case 3: {
        constexpr std::array<std::uint8_t, 3> choices{0, AreaFlags::read, AreaFlags::read | AreaFlags::write};
        same([&](AddressSpace& space) { return space.protect(start, length, choices[step.detail % 3]); });
        break;
      }
      case 4:
      case 5:
      case 6:
        ++last_value_;
        RC_ASSERT(guest_.write(start, last_value_) == bare_.write(start, last_value_));
        break;
      case 7:
        read(start);
        break;
      case 8:
        if (processes_.size() < 5) fork();
        break;
      case 9:
        if (processes_.size() > 1) exit_another(step.detail);
        break;
      case 10:
        trim();
        if (processes_.size() < 5 && step.detail % 2 == 0) fork();
        break;
      default:
        if (step.detail % 4 == 0) {
          same([](AddressSpace& space) { return space.clear(), true; });  // exec
        } else {
          run(step.detail % processes_.size());
        }
        break;
    }
    check();
  }

  /// All pages of all processes and of the file are the same.
  void compare() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      run(i);
      for (std::uint32_t page = first_page; page < first_page + window; ++page) read({page << 12});
    }
    for (std::uint32_t i = 0; i < file_pages; ++i) {
      RC_ASSERT(guest_.memory.load(guest_.paging.frame(*guest_file_->page(i)), 0) ==
                bare_.memory.load(bare_.paging->frame(*bare_file_->page(i)), 0));
    }
    check();
  }
  void end_processes() {
    guest_.paging.load({}, 0);
    forget();
    RC_ASSERT(guest_.audit({}) == "");
    RC_ASSERT(guest_.all_free());
  }
  void kill() {
    guest_.paging.abandon();
    forget();
  }

 private:
  struct Process {
    std::unique_ptr<AddressSpace> guest, bare;
  };
  [[nodiscard]] Process& current() { return processes_[current_]; }

  template <class Operation>
  void same(Operation operation) {
    RC_ASSERT(operation(*current().guest) == operation(*current().bare));
  }
  void run(std::size_t process) {
    current_ = process;
    guest_.load(*current().guest);
    bare_.load(*current().bare);
  }
  void fork() { processes_.push_back({current().guest->fork(), current().bare->fork()}); }
  /// One that is not loaded.
  void exit_another(std::size_t which) {
    which %= processes_.size() - 1;
    if (which >= current_) ++which;
    processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(which));
    if (which < current_) --current_;
  }
  /// What the quicklists hold goes back; the requests stay in the queue.
  void trim() {
    PageTableCache& cache = guest_.guest.tables;
    while (cache.size() > 0) {
      const PageNumber table = *cache.take_table(), directory = *cache.take_directory();
      guest_.paging.unmake_table(table);
      guest_.paging.unmake_directory(directory);
      guest_.guest.pages.free(table);
      guest_.guest.pages.free(directory);
    }
  }
  void forget() {
    processes_.clear();
    guest_file_.reset();
    bare_file_.reset();
  }

  void map(const PagingStep& step, Address start, std::uint32_t length) {
    const bool shared = step.detail / 4 % 3 == 0, of_file = shared || step.detail / 4 % 3 == 1;
    Mapping mapping{
        .length = length,
        .flags = static_cast<std::uint8_t>((step.detail % 4 == 0 ? 1 : 3) | (shared ? AreaFlags::shared : 0)),
        .address = start,
        .fixed = true,
        .file_page = step.detail / 16 % 2U};
    mapping.file = of_file ? guest_file_ : nullptr;
    const auto mapped = current().guest->map(mapping);
    mapping.file = of_file ? bare_file_ : nullptr;
    RC_ASSERT(mapped == current().bare->map(mapping));
  }
  void read(Address address) {
    std::uint32_t value = 0, bare_value = 0;
    RC_ASSERT(guest_.read(address, value) == bare_.read(address, bare_value));
    RC_ASSERT(value == bare_value);
  }
  void check() {
    std::vector<const AddressSpace*> spaces;
    for (const Process& process : processes_) spaces.push_back(process.guest.get());
    RC_ASSERT(guest_.audit(spaces, {guest_file_.get()}) == "");
  }

  MonitoredMemory& host_;
  XenGuest guest_;
  MemoryFixture bare_;
  std::shared_ptr<ResidentFile> guest_file_, bare_file_;
  std::vector<Process> processes_;
  std::size_t current_ = 0;
  std::uint32_t last_value_ = 0;
};

void check(const MemoryRules& rules, std::size_t queue_length) {
  EXPECT_TRUE(rc::check([&] {
    MonitoredMemory host(rules, 4096);
    const std::uint32_t free = host.machine.frames.free().count;
    {
      std::array<std::unique_ptr<Twins>, 2> domains;
      std::uint32_t next = 0;
      for (auto& domain : domains) domain = std::make_unique<Twins>(host, ++next, queue_length);
      for (const PagingStep& step : *rc::gen::arbitrary<std::vector<PagingStep>>()) {
        auto& domain = domains[step.domain % 2];
        if (step.domain == 7 && step.kind % 4 == 0) {  // another takes its place, on its frames
          domain->kill();
          domain.reset();
          domain = std::make_unique<Twins>(host, ++next, queue_length);
        } else {
          domain->apply(step);
        }
      }
      for (auto& domain : domains) domain->compare();
      for (auto& domain : domains) domain->end_processes();
    }
    RC_ASSERT(host.machine.frames.free().count == free);
    RC_ASSERT(host.audit() == "");
  }));
}

TEST(XenPagingProperty, ProgramsSeeWhatTheySeeOnBareHardware) { check(xen_1_0_memory, 2048); }

TEST(XenPagingProperty, ProgramsSeeTheSameWithAnyLengthOfTheQueue) {
  for (const std::size_t length : {1U, 2U, 3U, 7U, 64U}) check(xen_1_0_memory, length);
}

TEST(XenPagingProperty, ProgramsSeeTheSameUnderXen12) { check(xen_1_2_memory, 2048); }

}  // namespace
}  // namespace xensim
