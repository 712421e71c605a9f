#include "workloads/kernel_build/tools.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "models/cpu/calibration_section.hpp"
#include "models/guest/memory/area.hpp"
#include "workloads/spec_benchmark.hpp"

namespace xensim {
namespace {

constexpr std::size_t block = 4096;  ///< of the C library's buffers, and of a pipe

/// A program with its use of pages before main: images of gcc 2.96, binutils 2.11 and bash.
struct Tool {
  ProgramImage image;
  ImageUse use;
};
const Tool shell{{.path = "/bin/bash", .text = 118, .data = 6, .bss = 5},
                 {.text = 75, .data = 6, .bss = 5, .libc_text = 80, .stack = 7, .small_libraries = 2}};
const Tool driver{{.path = "/usr/bin/gcc", .text = 20, .data = 2, .bss = 5},
                  {.text = 16, .data = 2, .bss = 5, .libc_text = 60}};
const Tool preprocessor{{.path = "/usr/lib/gcc-lib/cpp0", .text = 26, .data = 2, .bss = 8},
                        {.text = 22, .data = 2, .bss = 6, .libc_text = 55}};
const Tool compiler{{.path = "/usr/lib/gcc-lib/cc1", .text = 420, .data = 24, .bss = 60},
                    {.text = 260, .data = 20, .bss = 30, .libc_text = 60}};
const Tool assembler{{.path = "/usr/bin/as", .text = 90, .data = 12, .bss = 10},
                     {.text = 60, .data = 10, .bss = 6, .libc_text = 60}};
const Tool linker{{.path = "/usr/bin/ld", .text = 70, .data = 10, .bss = 6},
                  {.text = 50, .data = 8, .bss = 5, .libc_text = 60}};

Self::Body start(const Tool& tool, const BuildCosts& costs, LoadedBody main) {
  return dynamic_loader(tool.image, tool.use, costs.programs, std::move(main));
}

Program end(Self self, Place place) {
  constexpr std::uint32_t exit_lines = 60;
  co_await self.run(place.libc_text, exit_lines, place.costs->leave());
  co_await place.clean_up(self);
}

/// Memory from malloc: the heap grows in steps, and is touched as it is used.
class Heap {
 public:
  explicit Heap(std::int64_t end) : next_(page_ceiling({static_cast<std::uint32_t>(end)})), end_(next_) {}
  static constexpr std::uint32_t step = 33;  ///< pages: M_TOP_PAD and the block itself

  [[nodiscard]] bool must_grow(std::uint32_t pages) const {
    return next_.value + pages * page_size > end_.value;
  }
  [[nodiscard]] Call grow(Self self, std::uint32_t pages) {
    end_ = {end_.value + std::max(pages, step) * page_size};
    return self.brk(end_);
  }
  [[nodiscard]] Call touch(Self self, std::uint32_t pages) {
    const Address first = next_;
    next_ = {next_.value + pages * page_size};
    return self.touch(first, pages, Access::write);
  }

 private:
  Address next_, end_;
};

/// Share number `i` of `count` equal ones of `total`.
constexpr std::int64_t share(std::int64_t total, std::int64_t i, std::int64_t count) {
  return total * (i + 1) / count - total * i / count;
}

constexpr std::int64_t blocks_of(Bytes size) {
  return std::max<std::int64_t>(
      1, (size.count + static_cast<std::int64_t>(block) - 1) / static_cast<std::int64_t>(block));
}

/// Code and data that a program goes back to after each block: their translations went with the switch.
Call goes_on(Self self, const Place& place, std::uint32_t text, Access access) {
  std::vector<Address> pages = places_in_pages(place.text, text);
  if (access == Access::fetch) pages.push_back(place.libc_text);
  if (access == Access::write) pages = {place.stack, place.data, place.bss, place.libc_data};
  return self.touch(std::move(pages), access);
}

Program preprocess(Self self, Place place, const Compilation& file, const BuildCosts& costs,
                   std::int64_t out) {
  Heap heap(co_await self.brk({}));
  const std::int64_t source = co_await self.open(file.source);
  co_await self.stat(file.source);
  const Bytes source_size = file.part(costs.source);
  co_await self.read(source, static_cast<std::size_t>(source_size.count));
  co_await self.close(source);
  const std::int64_t blocks = blocks_of(file.part(costs.preprocessed));
  const auto headers = static_cast<std::int64_t>(file.headers.size());
  for (std::int64_t i = 0; i < blocks; ++i) {
    // Headers are included at the beginning: a file's first half.
    const std::int64_t included = 2 * i < blocks ? share(headers, i, (blocks + 1) / 2) : 0;
    for (std::int64_t k = 0; k < included; ++k) {
      const std::string& name = file.headers[static_cast<std::size_t>(headers * i / ((blocks + 1) / 2) + k)];
      const std::string elsewhere = "/usr/src/linux" + name.substr(name.rfind('/'));
      co_await self.open(elsewhere);  // is not there
      const std::int64_t header = co_await self.open(name);
      co_await self.stat(name);
      co_await self.read(header, static_cast<std::size_t>(costs.header.count));
      co_await self.close(header);
      if (heap.must_grow(2)) co_await heap.grow(self, 2);
      co_await heap.touch(self, 2);
    }
    co_yield Compute{Time{share(file.part(costs.preprocess).count(), i, blocks)}, &costs.small};
    co_await self.write(out, block);
    co_await goes_on(self, place, 12, Access::fetch);
    co_await goes_on(self, place, 0, Access::write);
  }
  co_await self.close(out);
  const Self::Body last = [place](Self same) { return end(same, place); };
  co_await self.jump(last);
}

Program compile_proper(Self self, Place place, const Compilation& file, const BuildCosts& costs,
                       std::int64_t in, std::int64_t out) {
  Heap heap(co_await self.brk({}));
  const std::int64_t blocks = blocks_of(file.part(costs.preprocessed));
  const std::int64_t pages = file.part(Bytes{costs.compiler_heap}).count;
  std::int64_t unwritten = 0, done = 0;
  while (co_await self.read(in, block) > 0) {
    if (done < blocks) {
      const auto grown = static_cast<std::uint32_t>(share(pages, done, blocks));
      if (heap.must_grow(grown)) co_await heap.grow(self, grown);
      const std::int64_t time = share(file.part(costs.compile).count(), done, blocks);
      for (std::int64_t page = 0; page < grown; ++page) {
        co_await heap.touch(self, 1);
        co_yield Compute{Time{share(time, page, grown)}, &costs.compiler};
      }
      unwritten += share(file.part(costs.assembly).count, done, blocks);
      ++done;
    }
    for (; unwritten >= static_cast<std::int64_t>(block); unwritten -= static_cast<std::int64_t>(block)) {
      co_await self.write(out, block);
    }
    co_await goes_on(self, place, 30, Access::fetch);
    co_await goes_on(self, place, 0, Access::write);
  }
  if (unwritten > 0) co_await self.write(out, static_cast<std::size_t>(unwritten));
  co_await self.close(out);
  const Self::Body last = [place](Self same) { return end(same, place); };
  co_await self.jump(last);
}

Program assemble(Self self, Place place, const Compilation& file, const BuildCosts& costs, std::int64_t in) {
  Heap heap(co_await self.brk({}));
  const std::int64_t blocks = blocks_of(file.part(costs.assembly));
  const std::int64_t object = co_await self.creat(file.object);
  for (std::int64_t done = 0; co_await self.read(in, block) > 0; ++done) {
    if (heap.must_grow(3)) co_await heap.grow(self, 3);
    co_await heap.touch(self, 3);
    if (done < blocks) {
      co_yield Compute{Time{share(file.part(costs.assemble).count(), done, blocks)}, &costs.small};
    }
    co_await goes_on(self, place, 20, Access::fetch);
    co_await goes_on(self, place, 0, Access::write);
  }
  for (std::int64_t left = file.part(costs.object).count; left > 0;
       left -= static_cast<std::int64_t>(block)) {
    co_await self.write(object, static_cast<std::size_t>(std::min(left, static_cast<std::int64_t>(block))));
  }
  co_await self.close(object);
  const Self::Body last = [place](Self same) { return end(same, place); };
  co_await self.jump(last);
}

/// A child that closes what is not its own and becomes a tool.
Program become(Self self, const Tool& tool, std::int64_t not_its_own, const BuildCosts& costs,
               LoadedBody main) {
  if (not_its_own >= 0) co_await self.close(not_its_own);
  const Self::Body body = start(tool, costs, std::move(main));
  co_await self.exec(tool.image, body);
}

/// gcc looks for its specs and its programs, and starts them from left to right.
Program drive(Self self, Place place, const Compilation& file, const BuildCosts& costs) {
  co_await self.open("/usr/lib/gcc-lib/specs");  // is not there: built in
  for (int i = 0; i < 12; ++i) co_await self.stat("/usr/lib/gcc-lib/2.96");
  Self::PipeEnds text, assembly;
  co_await self.pipe(text);
  const LoadedBody first = [&file, &costs, text](Self same, const Place& at) {
    return preprocess(same, at, file, costs, text.write);
  };
  const Self::Body one = [&costs, text, first](Self born) {
    return become(born, preprocessor, text.read, costs, first);
  };
  co_await self.fork(one);
  co_await self.close(text.write);
  co_await self.pipe(assembly);
  const LoadedBody second = [&file, &costs, text, assembly](Self same, const Place& at) {
    return compile_proper(same, at, file, costs, text.read, assembly.write);
  };
  const Self::Body two = [&costs, assembly, second](Self born) {
    return become(born, compiler, assembly.read, costs, second);
  };
  co_await self.fork(two);
  co_await self.close(text.read);
  co_await self.close(assembly.write);
  const LoadedBody third = [&file, &costs, assembly](Self same, const Place& at) {
    return assemble(same, at, file, costs, assembly.read);
  };
  const Self::Body three = [&costs, third](Self born) { return become(born, assembler, -1, costs, third); };
  co_await self.fork(three);
  co_await self.close(assembly.read);
  for (int i = 0; i < 3; ++i) co_await self.wait();
  const Self::Body last = [place](Self same) { return end(same, place); };
  co_await self.jump(last);
}

/// A shell sets itself up, runs the compiler, and notes with what flags, for the next make.
Program run_shell(Self self, Place place, const Compilation& file, const BuildCosts& costs) {
  constexpr std::uint32_t shell_heap = 25, shell_lines = 1500;
  Heap heap(co_await self.brk({}));
  co_await heap.grow(self, shell_heap);
  co_await heap.touch(self, shell_heap);
  for (int i = 0; i < 14; ++i) co_await self.getppid();  // identities, limits, time, signal masks
  co_await self.stat("/usr/src/linux");
  for (SignalNumber signal = 1; signal <= 8; ++signal) co_await self.sigaction(signal, {});
  co_await self.run(place.text, shell_lines, place.costs->run_shell());
  co_await self.stat("/usr/bin/gcc");
  const LoadedBody main = [&file, &costs](Self same, const Place& at) {
    return drive(same, at, file, costs);
  };
  const Self::Body gcc = [&costs, main](Self born) { return become(born, driver, -1, costs, main); };
  co_await self.fork(gcc);
  co_await goes_on(self, place, 0, Access::write);
  co_await self.wait();
  const std::string flags = file.object + ".flags";
  const std::int64_t note = co_await self.creat(flags);
  co_await self.write(note, 300);
  co_await self.close(note);
  const Self::Body last = [place](Self same) { return end(same, place); };
  co_await self.jump(last);
}

Program link_files(Self self, Place place, const std::vector<std::string>& inputs, const std::string& output,
                   const BuildCosts& costs) {
  Heap heap(co_await self.brk({}));
  const std::int64_t result = co_await self.creat(output);
  for (const std::string& input : inputs) {
    const std::int64_t object = co_await self.open(input);
    std::int64_t bytes = 0;
    while ((bytes = co_await self.read(object, 4 * block)) > 0) {
      if (heap.must_grow(2)) co_await heap.grow(self, 2);
      co_await heap.touch(self, 2);
      co_yield Compute{Time{200us}, &costs.small};
      co_await self.write(result, static_cast<std::size_t>(bytes));
    }
    co_await self.close(object);
  }
  co_await self.close(result);
  const Self::Body last = [place](Self same) { return end(same, place); };
  co_await self.jump(last);
}

CalibrationSection intensities(const WorkloadContext& context) {
  return {context.calibration, "workload_intensities.build_"};
}

}  // namespace

BuildCosts::BuildCosts(const WorkloadContext& context)
    : programs(context.calibration),
      compiler(spec_working_set("gcc", context).with_code(programs.code_lines)),
      small(WorkingSet::constant(intensities(context).whole("small_lines"), context.costs.miss_price, 0)
                .with_code(programs.code_lines)) {
  const CalibrationSection own = intensities(context);
  const auto bytes = [&](const char* name) { return Bytes{std::int64_t{own.whole(name)} * 1024}; };
  preprocess = own.seconds("preprocess");
  compile = own.seconds("compile");
  assemble = own.seconds("assemble");
  compiler_heap = own.whole("compiler_heap");
  headers = own.whole("headers");
  source = bytes("source");
  header = bytes("header");
  preprocessed = bytes("preprocessed");
  assembly = bytes("assembly");
  object = bytes("object");
}

Self::Body compile(const Compilation& file, const BuildCosts& costs) {
  const LoadedBody main = [&file, &costs](Self same, const Place& at) {
    return run_shell(same, at, file, costs);
  };
  return [&costs, main](Self born) { return become(born, shell, -1, costs, main); };
}

Self::Body link(const std::vector<std::string>& inputs, const std::string& output, const BuildCosts& costs) {
  const LoadedBody main = [&inputs, &output, &costs](Self same, const Place& at) {
    return link_files(same, at, inputs, output, costs);
  };
  return [&costs, main](Self born) { return become(born, linker, -1, costs, main); };
}

}  // namespace xensim
