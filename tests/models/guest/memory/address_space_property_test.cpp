/// Whatever processes do with their memory, each reads what it should: held against a plain map of values.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/models/guest/memory/memory_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t file_pages = 8;
/// Pages that mappings may lie in, on both sides of the boundary between two tables.
constexpr std::uint32_t first_page = 0x403f8, window = 16;

/// What a page of a process must be.
struct ModelPage {
  std::uint8_t flags = 0;                ///< AreaFlags
  std::optional<std::uint32_t> of_file;  ///< else anonymous
  std::optional<std::uint32_t> own{};    ///< value of the private copy
};
using ModelSpace = std::map<std::uint32_t, ModelPage>;

struct Process {
  std::unique_ptr<AddressSpace> space;
  ModelSpace model;
};

/// One step; each number is reduced to what makes sense.
struct Step {
  std::uint8_t kind = 0, page = 0, length = 0, detail = 0;
};

}  // namespace
}  // namespace xensim

namespace rc {
template <>
struct Arbitrary<xensim::Step> {
  static Gen<xensim::Step> arbitrary() {
    using xensim::Step;
    return gen::build<Step>(gen::set(&Step::kind, gen::arbitrary<std::uint8_t>()),
                            gen::set(&Step::page, gen::inRange<std::uint8_t>(0, xensim::window)),
                            gen::set(&Step::length, gen::inRange<std::uint8_t>(1, 7)),
                            gen::set(&Step::detail, gen::arbitrary<std::uint8_t>()));
  }
};
}  // namespace rc

namespace xensim {
namespace {

class World {
 public:
  World(KernelBuild build, std::uint32_t users)
      : users_(users), fixture_(build, 2048), file_(fixture_.file(file_pages)) {
    for (std::uint32_t i = 0; i < file_pages; ++i) values_[i] = 1000 + i;
    processes_.push_back({AddressSpace::create(fixture_.guest), {}});
    run(0);
  }

  void apply(const Step& step) {
    const std::uint32_t first = first_page + step.page;
    const std::uint32_t end = std::min(first + step.length, first_page + window);
    const auto length = (end - first) * page_size;
    const Address start{first << 12};
    switch (step.kind % 10) {
      case 0:
      case 1:
        map(step, first, end);
        break;
      case 2:
        RC_ASSERT(current().space->unmap(start, length));
        for (std::uint32_t page = first; page < end; ++page) current().model.erase(page);
        break;
      case 3:
        protect(step, first, end);
        break;
      case 4:
      case 5:
      case 6:
        write(first, ++last_value_);
        break;
      case 7:
        read(current(), first);
        break;
      case 8:
        if (processes_.size() < 5) {
          processes_.push_back({current().space->fork(), current().model});
          RC_ASSERT(processes_.back().space != nullptr);
        } else if (step.detail % 2 == 0) {
          exit();
        }
        break;
      default:
        run(step.detail % processes_.size());
        break;
    }
    check();
  }

  /// All pages of all processes hold what they should.
  void compare() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      run(i);
      for (std::uint32_t page = first_page; page < first_page + window; ++page) read(current(), page);
    }
    for (std::uint32_t i = 0; i < file_pages; ++i) {
      RC_ASSERT(fixture_.memory.load(fixture_.paging->frame(*file_->page(i)), 0) == values_[i]);
    }
    check();
  }
  void end() {
    processes_.clear();
    file_.reset();
    fixture_.paging->commit();
    RC_ASSERT(fixture_.audit({}) == "");
    RC_ASSERT(fixture_.all_free());
  }

 private:
  [[nodiscard]] Process& current() { return processes_[current_]; }

  void run(std::size_t process) {
    current_ = process;
    processes_[process].space->users = users_;
    fixture_.load(*processes_[process].space);
  }
  void exit() {
    processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(current_));
    run(0);
  }

  void map(const Step& step, std::uint32_t first, std::uint32_t end) {
    const auto protection = static_cast<std::uint8_t>(step.detail % 4 == 0 ? 1 : 3);
    const bool shared = step.detail / 4 % 3 == 0, of_file = shared || step.detail / 4 % 3 == 1;
    const auto flags = static_cast<std::uint8_t>(protection | (shared ? AreaFlags::shared : 0));
    const std::uint32_t file_page = step.detail / 16 % 2;  // the file ends before a long mapping does
    RC_ASSERT(current().space->map({.length = (end - first) * page_size,
                                    .flags = flags,
                                    .address = Address{first << 12},
                                    .fixed = true,
                                    .file = of_file ? file_ : nullptr,
                                    .file_page = file_page}) == Address{first << 12});
    for (std::uint32_t page = first; page < end; ++page) {
      current().model[page] = {flags, of_file ? std::optional(file_page + page - first) : std::nullopt, {}};
    }
  }

  void protect(const Step& step, std::uint32_t first, std::uint32_t end) {
    constexpr std::uint8_t choices[] = {0, AreaFlags::read, AreaFlags::read | AreaFlags::write};
    const std::uint8_t protection = choices[step.detail % 3];
    const bool done = current().space->protect({first << 12}, (end - first) * page_size, protection);
    bool whole = true;
    for (std::uint32_t page = first; page < end && whole; ++page) {
      const auto found = current().model.find(page);
      whole = found != current().model.end();
      if (whole) {
        found->second.flags =
            static_cast<std::uint8_t>((found->second.flags & ~AreaFlags::protection) | protection);
      }
    }
    RC_ASSERT(done == whole);
  }

  /// What an access must come to.
  std::optional<FaultResult::Outcome> expected(const Process& process, std::uint32_t page,
                                               std::uint8_t access) const {
    const auto found = process.model.find(page);
    if (found == process.model.end() || (found->second.flags & access) == 0) {
      return FaultResult::Outcome::bad_address;
    }
    if (!found->second.own && found->second.of_file.value_or(0) >= file_pages) {
      return FaultResult::Outcome::bus_error;
    }
    return {};
  }
  void write(std::uint32_t page, std::uint32_t value) {
    const auto outcome = expected(current(), page, AreaFlags::write);
    RC_ASSERT(fixture_.write({page << 12}, value) == outcome);
    if (outcome) return;
    ModelPage& written = current().model[page];
    if ((written.flags & AreaFlags::shared) != 0) {
      values_[*written.of_file] = value;
    } else {
      written.own = value;
    }
  }
  void read(const Process& process, std::uint32_t page) {
    std::uint32_t value = 0;
    const auto outcome = expected(process, page, AreaFlags::read);
    RC_ASSERT(fixture_.read({page << 12}, value) == outcome);
    if (outcome) return;
    const ModelPage& model = process.model.at(page);
    RC_ASSERT(value == (model.own ? *model.own : model.of_file ? values_[*model.of_file] : 0));
  }

  void check() {
    std::vector<const AddressSpace*> spaces;
    for (const Process& process : processes_) spaces.push_back(process.space.get());
    RC_ASSERT(fixture_.audit(spaces, {file_.get()}) == "");
    // No translation that the processor still uses is stale.
    RC_ASSERT(fixture_.mmu.audit(fixture_.paging->frame(current().space->directory()), fixture_.memory) ==
              "");
  }

  std::uint32_t users_;  ///< that each address space seems to have
  MemoryFixture fixture_;
  std::shared_ptr<ResidentFile> file_;
  std::map<std::uint32_t, std::uint32_t> values_;  ///< of the file's pages
  std::vector<Process> processes_;
  std::size_t current_ = 0;
  std::uint32_t last_value_ = 0;
};

void check(KernelBuild build, std::uint32_t users = 1) {
  EXPECT_TRUE(rc::check([build, users] {
    World world(build, users);
    const auto number = *rc::gen::inRange<std::size_t>(0, 120);
    for (const Step& step : *rc::gen::container<std::vector<Step>>(number, rc::gen::arbitrary<Step>())) {
      world.apply(step);
    }
    world.compare();
    world.end();
  }));
}

TEST(AddressSpaceProperty, EveryProcessReadsWhatItWroteOnBareHardware) { check({}); }

TEST(AddressSpaceProperty, EveryProcessReadsWhatItWroteThroughAQueueOfUpdates) {
  check({.smp = false, .paravirtual = true});
}

TEST(AddressSpaceProperty, EveryProcessReadsWhatItWroteWhenThreadsShareItsMemory) {
  check({.smp = true, .paravirtual = false}, 2);
}

}  // namespace
}  // namespace xensim
