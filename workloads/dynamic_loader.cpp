#include "workloads/dynamic_loader.hpp"

#include <utility>

#include "models/guest/area.hpp"
#include "models/guest/program_image.hpp"

namespace xensim {
namespace {

constexpr std::uint8_t text_flags = AreaFlags::read | AreaFlags::execute,
                       data_flags = AreaFlags::read | AreaFlags::write;
constexpr std::uint32_t libc_text_pages = 280, libc_data_pages = 5, libc_bss_pages = 4;

Address plus(Address address, std::uint32_t pages) { return {address.value + pages * page_size}; }

Program load(Self self, ImageUse use, LoadedBody main) {
  const ProgramImage image;
  const Address loader{0x40000000};
  Place place{.text = ProgramImage::base,
              .data = image.data_start(),
              .bss = plus(image.data_start(), image.data),
              .stack = {0xC0000000 - page_size},
              .libc_text = {},
              .libc_data = {}};
  // The loader relocates itself.
  co_await self.touch(loader, use.loader_text, Access::fetch);
  co_await self.touch(plus(loader, 20), 1, Access::write);
  co_await self.touch(plus(place.stack, 0), 1, Access::write);
  for (std::uint32_t i = 1; i < use.stack; ++i) {
    co_await self.touch({place.stack.value - i * page_size}, 1, Access::write);
  }
  co_await self.getppid();  // uname
  co_await self.brk({});
  co_await self.open("/lib/ld.so.preload");  // is not there
  // Then the library.
  const std::int64_t library = co_await self.open("/lib/libc.so.6");
  co_await self.read(library, 1024);
  co_await self.stat("/lib/libc.so.6");
  const std::uint32_t pages = libc_text_pages + libc_data_pages;
  place.libc_text = {static_cast<std::uint32_t>(
      co_await self.mmap({.length = pages * page_size, .flags = text_flags, .file = library}))};
  place.libc_data = plus(place.libc_text, libc_text_pages);
  co_await self.mprotect(place.libc_data, libc_data_pages * page_size, 0);
  co_await self.mmap({.length = libc_data_pages * page_size,
                      .flags = data_flags,
                      .file = library,
                      .address = place.libc_data.value,
                      .fixed = true,
                      .file_page = libc_text_pages});
  const Address libc_bss = plus(place.libc_data, libc_data_pages);
  co_await self.mmap(
      {.length = libc_bss_pages * page_size, .flags = data_flags, .address = libc_bss.value, .fixed = true});
  co_await self.close(library);
  co_await self.mmap({.length = page_size, .flags = data_flags});
  // Relocation reads the library's tables, writes its data and the program's.
  co_await self.touch(place.libc_text, use.libc_text, Access::fetch);
  co_await self.touch(place.libc_data, use.libc_data, Access::write);
  co_await self.touch(libc_bss, use.libc_bss, Access::write);
  co_await self.touch(place.data, use.data, Access::write);
  co_await self.touch(place.text, use.text, Access::fetch);
  co_await self.touch(place.bss, use.bss, Access::write);
  const Self::Body start = [main, place](Self started) { return main(started, place); };
  co_await self.jump(start);
}

}  // namespace

Self::Body dynamic_loader(const ImageUse& use, LoadedBody main) {
  return [use, main = std::move(main)](Self self) { return load(self, use, main); };
}

}  // namespace xensim
