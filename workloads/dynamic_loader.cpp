#include "workloads/dynamic_loader.hpp"

#include <string>
#include <utility>

#include "models/guest/memory/area.hpp"

namespace xensim {
namespace {

constexpr std::uint8_t text_flags = AreaFlags::read | AreaFlags::execute,
                       data_flags = AreaFlags::read | AreaFlags::write;

/// A shared library, in pages.
struct Library {
  const char* path;
  std::uint32_t text, data, bss;
};
constexpr Library c_library{"/lib/libc.so.6", 280, 5, 4};
constexpr Library small_libraries[]{{"/lib/libtermcap.so.2", 3, 1, 0}, {"/lib/libdl.so.2", 2, 1, 0}};

constexpr const char* library_cache = "/etc/ld.so.cache";  ///< where which library lies

/// The loader's code that a start runs through, in lines: mapping, relocating, looking up.
constexpr std::uint32_t loader_lines = 320;

Address plus(Address address, std::uint32_t pages) { return {address.value + pages * page_size}; }

struct Start {
  ProgramImage image;
  ImageUse use;
  const ProgramCosts* costs;
  LoadedBody main;
  Place place{};
  Address cache{};  ///< of libraries, as long as it is mapped
};

Program relocate(Self self, const Start& begun);

/// Maps the libraries one after another, the C library last.
Program map_libraries(Self self, const Start& begun, std::uint32_t next) {
  Start at = begun;
  const bool is_last = next == at.use.small_libraries;
  const Library library = is_last ? c_library : small_libraries[next];
  const std::int64_t file = co_await self.open(library.path);
  co_await self.read(file, 1024);
  co_await self.fstat(file);
  // All of it in one place first; what is mapped over its end then takes that out again.
  const std::uint32_t pages = library.text + library.data + library.bss;
  const Address text{static_cast<std::uint32_t>(
      co_await self.mmap({.length = pages * page_size, .flags = text_flags, .file = file}))};
  const Address data = plus(text, library.text);
  co_await self.mprotect(data, (library.data + library.bss) * page_size, 0);
  co_await self.mmap({.length = library.data * page_size,
                      .flags = data_flags,
                      .file = file,
                      .address = data.value,
                      .fixed = true,
                      .file_page = library.text});
  if (library.bss > 0) {
    co_await self.mmap({.length = library.bss * page_size,
                        .flags = data_flags,
                        .address = plus(data, library.data).value,
                        .fixed = true});
  }
  co_await self.close(file);
  if (is_last) {
    at.place.libc_text = text;
    at.place.libc_data = data;
    at.place.libc_bss = plus(data, library.data);
    const Self::Body go_on = [at](Self same) { return relocate(same, at); };
    co_await self.jump(go_on);
  }
  co_await self.touch(text, library.text, Access::read);
  co_await self.touch(data, library.data, Access::write);
  const Self::Body go_on = [at, next](Self same) { return map_libraries(same, at, next + 1); };
  co_await self.jump(go_on);
}

/// Relocation reads the libraries' tables, writes their data and the program's.
Program relocate(Self self, const Start& begun) {
  const Start at = begun;
  const ImageUse& use = at.use;
  const Place& place = at.place;
  co_await self.munmap(at.cache, at.costs->library_cache_pages * page_size);
  co_await self.touch(place.libc_text, use.libc_text, Access::fetch);
  co_await self.touch(place.libc_data, use.libc_data, Access::write);
  co_await self.touch(plus(place.libc_data, c_library.data), use.libc_bss, Access::write);
  co_await self.touch(place.data, use.data, Access::write);
  co_await self.touch(place.text, use.text, Access::fetch);
  co_await self.touch(place.bss, use.bss, Access::write);
  co_await self.run({0x40000000}, loader_lines, at.costs->link(use.small_libraries));
  const Self::Body start = [at](Self started) { return at.main(started, at.place); };
  co_await self.jump(start);
}

Program load(Self self, const Start& begun) {
  Start at = begun;
  co_await self.existing_file(library_cache, Bytes{std::int64_t{at.costs->library_cache_pages} * page_size});
  const Address loader{0x40000000};
  at.place = {.text = ProgramImage::base,
              .data = at.image.data_start(),
              .bss = plus(at.image.data_start(), at.image.data),
              .stack = {0xC0000000 - page_size},
              .libc_text = {},
              .libc_data = {},
              .libc_bss = {},
              .loader_data = plus(loader, 20),
              .costs = at.costs};
  // The loader relocates itself.
  co_await self.touch(loader, at.use.loader_text, Access::fetch);
  co_await self.touch(at.place.loader_data, 1, Access::write);
  co_await self.touch(at.place.stack, 1, Access::write);
  for (std::uint32_t i = 1; i < at.use.stack; ++i) {
    co_await self.touch({at.place.stack.value - i * page_size}, 1, Access::write);
  }
  co_await self.getppid();  // uname
  co_await self.brk({});
  co_await self.mmap({.length = page_size, .flags = data_flags});  // the loader's own heap
  co_await self.open("/etc/ld.so.preload");                        // is not there
  const std::uint32_t cache_size = at.costs->library_cache_pages * page_size;
  const std::int64_t cache = co_await self.open(library_cache);
  co_await self.fstat(cache);
  at.cache = {static_cast<std::uint32_t>(
      co_await self.mmap({.length = cache_size, .flags = AreaFlags::read, .file = cache}))};
  co_await self.close(cache);
  co_await self.touch(at.cache, at.costs->library_cache_touched, Access::read);
  const Self::Body libraries = [at](Self same) { return map_libraries(same, at, 0); };
  co_await self.jump(libraries);
}

}  // namespace

std::vector<Address> places_in_pages(Address first, std::uint32_t count) {
  constexpr std::uint32_t lines = page_size / 64, apart = 37;  // no common factor
  std::vector<Address> places;
  for (std::uint32_t i = 0; i < count; ++i) {
    places.push_back({first.value + i * page_size + (1 + i) * apart % lines * 64});
  }
  return places;
}

Self::Body dynamic_loader(const ProgramImage& image, const ImageUse& use, const ProgramCosts& costs,
                          LoadedBody main) {
  const Start start{.image = image, .use = use, .costs = &costs, .main = std::move(main)};
  return [start](Self self) { return load(self, start); };
}

Program small_program(std::string path, const ProgramCosts& costs, LoadedBody main) {
  const ProgramImage image{.path = std::move(path)};
  const Self::Body body = dynamic_loader(image, typical_image, costs, std::move(main));
  co_await Self{}.exec(image, body);
}

}  // namespace xensim
