/// A dynamically linked program of the time, as it lies in memory while it runs.
#pragma once

#include <memory>
#include <vector>

#include "tests/models/guest/memory/memory_fixture.hpp"

namespace xensim {

/// 10 areas, 110 resident pages of which 25 are private and written, in 3 regions of 4 MB.
struct TypicalProgram {
  static constexpr std::uint64_t areas = 10, resident = 110, written = 25, tables = 3;
  static constexpr std::uint8_t text = AreaFlags::read | AreaFlags::execute,
                                data = AreaFlags::read | AreaFlags::write;
  static constexpr Address heap{0x08054000}, stack_top = AddressSpace::user_end;

  template <class Fixture>
  explicit TypicalProgram(Fixture& fixture)
      : program(fixture.file(12)),
        loader(fixture.file(21)),
        library(fixture.file(285)),
        space(AddressSpace::create(fixture.guest)) {
    fixture.load(*space);
    const auto place = [&](Address address, std::uint32_t pages, std::uint8_t flags,
                           std::shared_ptr<MappedFile> file, std::uint32_t file_page, std::uint32_t touched) {
      EXPECT_EQ(space->map({.length = pages * page_size,
                            .flags = flags,
                            .address = address,
                            .fixed = true,
                            .no_reserve = false,
                            .file = std::move(file),
                            .file_page = file_page}),
                address);
      for (std::uint32_t i = 0; i < touched; ++i) {
        // Stacks are used from their end.
        const bool down = (flags & AreaFlags::grows_down) != 0;
        const Address page{address.value + (down ? pages - 1 - i : i) * page_size};
        if ((flags & AreaFlags::write) != 0) {
          EXPECT_EQ(fixture.write(page, page.value), std::nullopt);
        } else {
          (void)fixture.read(page);
        }
      }
    };
    place({0x08048000}, 10, text, program, 0, 10);
    place({0x08052000}, 2, data, program, 10, 2);
    place(heap, 8, data | AreaFlags::execute, nullptr, 0, 6);
    place({0x40000000}, 20, text, loader, 0, 20);
    place({0x40014000}, 1, data, loader, 20, 1);
    place({0x40016000}, 1, data, nullptr, 0, 1);
    place({0x40018000}, 280, text, library, 0, 55);
    place({0x40130000}, 5, data, library, 280, 5);
    place({0x40135000}, 4, data, nullptr, 0, 3);
    place({stack_top.value - 8 * page_size}, 8, data | AreaFlags::execute | AreaFlags::grows_down, nullptr, 0,
          7);
  }

  [[nodiscard]] std::vector<MappedFile*> files() const {
    return {program.get(), loader.get(), library.get()};
  }

  std::shared_ptr<ResidentFile> program, loader, library;
  std::unique_ptr<AddressSpace> space;
};

/// What was counted since it was made.
class Since {
 public:
  explicit Since(const MemoryFixture& fixture) : fixture_(fixture), before_(now()) {}

  struct Counts {
    std::uint64_t table_entries = 0, directory_entries = 0, flushes = 0, page_flushes = 0;
    std::uint64_t hypercalls = 0, requests = 0;  ///< none on bare hardware
    bool operator==(const Counts&) const = default;
  };
  [[nodiscard]] Counts counts() const {
    const Counts after = now();
    return {after.table_entries - before_.table_entries,
            after.directory_entries - before_.directory_entries,
            after.flushes - before_.flushes,
            after.page_flushes - before_.page_flushes,
            after.hypercalls - before_.hypercalls,
            after.requests - before_.requests};
  }
  [[nodiscard]] std::uint64_t did(KernelPath path) const {
    return fixture_.did(path) - paths_[static_cast<std::size_t>(path)];
  }

 private:
  [[nodiscard]] Counts now() {
    for (std::size_t i = 0; i < paths_.size(); ++i) paths_[i] = fixture_.did(static_cast<KernelPath>(i));
    return std::as_const(*this).now();
  }
  [[nodiscard]] Counts now() const {
    if (const QueuedPaging* queued = fixture_.queued) {
      return {queued->table_entries, queued->directory_entries, queued->flushes,
              queued->page_flushes,  queued->hypercalls,        queued->requests};
    }
    const BarePaging::Counts& counts = fixture_.bare->counts();
    return {counts.table_entries, counts.directory_entries, counts.flushes, counts.page_flushes, 0, 0};
  }

  const MemoryFixture& fixture_;
  std::array<std::uint64_t, kernel_path_count> paths_{};
  Counts before_;
};

inline std::ostream& operator<<(std::ostream& out, const Since::Counts& counts) {
  return out << counts.table_entries << " table entries, " << counts.directory_entries
             << " directory entries, " << counts.flushes << " flushes, " << counts.page_flushes
             << " page flushes, " << counts.hypercalls << " hypercalls, " << counts.requests << " requests";
}

}  // namespace xensim
